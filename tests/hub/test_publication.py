"""What a push publishes of private data: label names and vocabulary, and no text and no path."""

import json
import os
import re
import shutil

import pytest
from local_hub import WRITE_TOKEN

import hf_lstm
from hf_lstm import LSTMSentiment
from hf_lstm.cli.main import main
from hf_lstm.errors import InputError
from hf_lstm.hub.cards.metadata import CardChoices
from hf_lstm.hub.publication import plan_publication

REPO = "me/tickets-pooled-bilstm"
TEXT, OTHER, FOLDER = "zqtextsentinel", "zqothersentinel", "zqfoldersentinel"
TEXT_FILES = {"report/mistakes.md", "report/errors.jsonl"}
SETTINGS = {"embedding_dim": 4, "hidden_size": 4, "num_epochs": 1, "device": "cpu", "show_progress": False}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a run on a CSV of which each text has a word of its own, so that none is in the vocabulary."""
    folder = tmp_path_factory.mktemp(FOLDER)
    rows = [
        f"the printer {'prints' if i % 3 else 'jams'} {TEXT}{i},{OTHER}{i},{'zqlabel' if i % 2 else 'fine'}"
        for i in range(90)
    ]
    (folder / "tickets.csv").write_text("\n".join(["text,customer,label", *rows]))
    hf_lstm.train(folder / "tickets.csv", "pooled-bilstm", output_dir=folder / "run", **SETTINGS)
    return folder / "run"


@pytest.fixture
def run(trained, tmp_path):
    shutil.copytree(trained, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def push(run, hub, monkeypatch, capsys):
    """Run `hf-lstm push` on the run's folder, and return what it printed."""
    monkeypatch.chdir(run.parent)
    monkeypatch.setenv("HF_TOKEN", WRITE_TOKEN)

    def run_main(*arguments):
        main(["push", "run", *arguments])
        return capsys.readouterr().out

    return run_main


def find_secrets(hub, trained):
    """The secrets in all that was sent to the Hub: files of all commits, titles, and the requests' addresses."""
    sent = [blob.content for repo in hub.repos.values() for tree in repo.commits.values() for blob in tree.values()]
    sent += [request.path.encode() for request in hub.requests if hasattr(request, "path")]
    secrets = [TEXT, OTHER, FOLDER, str(trained.parent), os.path.expanduser("~") + "/"]
    return {secret for secret in secrets if any(secret.encode() in content for content in sent)}


def test_a_local_run_has_its_paths_in_one_file_alone_and_is_evaluated_from_anywhere(trained, tmp_path, monkeypatch):
    holders = {path.name for path in trained.rglob("*") if path.is_file() and FOLDER.encode() in path.read_bytes()}
    assert holders == {"local.json"}
    assert TEXT in (trained / "report" / "mistakes.md").read_text()
    for name in ("README.md", "report/report.md", "report/metrics.json", "tokenizer.json"):
        assert TEXT not in (trained / name).read_text(), name
    assert json.loads((trained / "recipe.json").read_text())["data"]["dataset"] == "tickets.csv"
    monkeypatch.chdir(tmp_path)
    measured = hf_lstm.evaluate(trained)
    assert (measured.dataset, measured.is_own_data) == ("tickets.csv", True)


def test_a_push_of_private_data_has_no_text_and_no_path(push, hub, trained, run, caplog):
    push()
    files = hub.files(REPO)
    assert find_secrets(hub, trained) == set()
    assert not TEXT_FILES & set(files)
    assert "zqlabel" in files["config.json"].decode()  # the labels' names are published
    assert "printer" in files["tokenizer.json"].decode()  # and so are words that are frequent enough
    assert "has words of the training texts that occur at least 2 times" in caplog.text
    assert "report/errors.jsonl" in caplog.text
    assert (run / "README.md").read_bytes() == files["README.md"]
    card = files["README.md"].decode()
    assert f'from_pretrained("{REPO}")' in card
    for word in ("license:", "language:", "film", "movie", "review"):
        assert word not in card.lower().replace("## license", ""), word


def test_a_push_from_python_has_no_text_either(hub, trained, run):
    model = LSTMSentiment.from_pretrained(run)
    model.push_to_hub("one", token=WRITE_TOKEN)
    assert find_secrets(hub, trained) == set()
    model.push_to_hub("two", token=WRITE_TOKEN, publish_examples=True)
    assert set(hub.files("me/two")) > TEXT_FILES
    assert TEXT in hub.files("me/two")["README.md"].decode()
    assert find_secrets(hub, trained) == {TEXT}


def test_a_hub_that_falls_silent_does_not_change_what_is_public_within_a_push(push, run, hub, monkeypatch):
    for push_once in (push, lambda: LSTMSentiment.from_pretrained(run).push_to_hub(REPO)):
        answers = iter([True])  # who asks twice finds no second one
        monkeypatch.setattr("hf_lstm.hub.privacy.is_data_public", lambda *_, answers=answers: next(answers))
        push_once()
        assert set(hub.files(REPO)) > TEXT_FILES


def test_texts_go_along_if_asked_and_are_deleted_by_the_next_push(push, hub, caplog):
    push("--publish-examples")
    assert set(hub.files(REPO)) > TEXT_FILES
    push()
    assert not TEXT_FILES & set(hub.files(REPO))
    assert "is deleted, but stays in the repository's history" in caplog.text


def test_a_dry_run_lists_and_needs_neither_network_nor_login(push, hub, run, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    (run / ".env").write_text("SECRET=1")
    (run / "__pycache__").mkdir()
    out = push("--dry-run")
    assert hub.requests == []
    published, _, left_out = out.partition("left out:")
    for name in ("model.safetensors", "README.md", "report/report.md"):
        assert re.search(rf"^  {re.escape(name)} +[\d.]+ [kM]B", published, flags=re.MULTILINE), name
    for name in (*TEXT_FILES, "local.json", ".env"):
        assert name in left_out
    assert "__pycache__" not in out
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("name", ["README.md", "config.json", "tokenizer_config.json", "report/report.md"])
def test_a_link_to_a_file_elsewhere_is_never_published(run, tmp_path, name):
    model = LSTMSentiment.from_pretrained(run)
    shutil.copy(run / name, tmp_path / "private")
    (run / name).unlink()
    (run / name).symlink_to(tmp_path / "private")
    said = rf"{name} is a link to .*private, outside of the model's folder; put the file itself there"
    with pytest.raises(InputError, match=said):
        plan_publication(run, is_public=True)
    if name == "report/report.md":
        with pytest.raises(InputError, match=said):
            model.save_pretrained(tmp_path / "again")


def test_the_cache_of_the_client_is_made_of_links(run, tmp_path):
    folder = tmp_path / "models--me--mood" / "snapshots" / "123"
    (folder.parents[1] / "blobs").mkdir(parents=True)
    shutil.copytree(run, folder)
    (folder / "README.md").rename(folder.parents[1] / "blobs" / "abc")
    (folder / "README.md").symlink_to("../../blobs/abc")
    assert "README.md" in [planned.name for planned in plan_publication(folder, is_public=True) if planned.content]


def test_a_run_of_version_0_1_is_pushed_without_its_paths_and_texts(push, hub, trained, run):
    """Its recipe, results, report and card have them."""
    source = str(trained.parent / "tickets.csv")
    for name, keys in (("recipe.json", ("data", "dataset")), ("results.json", ("dataset", "source"))):
        values = json.loads((run / name).read_text())
        values[keys[0]][keys[1]] = source
        if "command" in values:
            values["command"] = f"hf-lstm train --dataset {source}"
        (run / name).write_text(json.dumps(values))
    metrics = json.loads((run / "report" / "metrics.json").read_text())
    (run / "report" / "metrics.json").write_text(json.dumps({**metrics, "dataset": source}))
    (run / "report" / "report.md").write_text(f"# Report of {source}\n\n{TEXT}0\n")
    (run / "local.json").unlink()
    push()
    assert find_secrets(hub, trained) == set()
    assert "report/report.md" not in hub.files(REPO)
    assert "report/report.md" not in hub.files(REPO)["README.md"].decode()
    push("--publish-examples")
    assert find_secrets(hub, trained) == {TEXT}


def test_a_card_that_somebody_edited_must_not_quote_the_data(push, run, hub, trained):
    text = json.loads((run / "report" / "errors.jsonl").read_text().splitlines()[0])["text"]
    (run / "README.md").write_text(f"# Mine\n\nIt errs on: {text}\n")
    with pytest.raises(InputError, match=r"README\.md quotes a text of the data"):
        push()
    (run / "README.md").write_text(f"# Mine\n\nTrained on {trained.parent / 'tickets.csv'}\n")
    with pytest.raises(InputError, match=r"README\.md has a path of this machine"):
        push()
    assert hub.repos == {}


def test_a_report_on_other_data_is_not_public_because_the_model_is(run):
    metrics = json.loads((run / "report" / "metrics.json").read_text())
    plan = {planned.name: planned for planned in plan_publication(run, is_public=True)}
    assert plan["report/errors.jsonl"].content is not None
    (run / "report" / "metrics.json").write_text(json.dumps({**metrics, "is_own_data": False}))
    plan = {planned.name: planned for planned in plan_publication(run, is_public=True)}
    assert plan["report/errors.jsonl"].content is None


def test_licence_and_language_are_asked_at_a_terminal_alone(push, run, hub, monkeypatch):
    from hf_lstm.cli.push import ask_choices

    answers = iter(["mit", ""])
    monkeypatch.setattr("builtins.input", lambda question: next(answers))
    assert ask_choices(CardChoices(), run, is_language_known=False) == CardChoices()
    for stream in ("stdin", "stdout"):
        monkeypatch.setattr(f"sys.{stream}.isatty", lambda: True, raising=False)
    assert ask_choices(CardChoices(), run, is_language_known=False) == CardChoices(license="mit")
    assert ask_choices(CardChoices(license="x"), run, is_language_known=True) == CardChoices(license="x")


def test_exports_and_plots_have_no_path(trained, tmp_path):
    from hf_lstm.export.onnx_network import build_onnx_model

    content = build_onnx_model(LSTMSentiment.from_pretrained(trained)).SerializeToString()
    plots = [path.read_bytes() for path in trained.rglob("*.png")]
    assert plots
    contents = [content, *plots]
    assert not any(secret.encode() in each for secret in (FOLDER, TEXT, str(tmp_path)) for each in contents)
