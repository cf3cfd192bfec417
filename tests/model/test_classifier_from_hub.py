"""Loading from the Hub: the real client over HTTP against the local Hub."""

import hashlib
import json

import pytest
import torch
from huggingface_hub import ModelCard, constants
from local_hub import OTHER_TOKEN, WRITE_TOKEN, Fault
from run_records import make_report, make_results

from hf_lstm import InputError, LSTMSentiment
from hf_lstm.hub.push import push_model_folder

TEXTS = ["a wonderful film", "the worst acting", ""]


@pytest.fixture
def load(tmp_path):
    """Load from the local Hub into an empty cache."""

    def from_pretrained(repo_id="org/model", **options):
        return LSTMSentiment.from_pretrained(repo_id, **{"cache_dir": tmp_path / "cache", **options})

    return from_pretrained


@pytest.fixture
def repo(hub, tiny_model_folder):
    hub.add_repo("org/model", folder=tiny_model_folder)
    return hub


def test_pushed_model_loads_back_bitwise(hub, tiny_model, load):
    tiny_model.push_to_hub("me/tiny", token=WRITE_TOKEN)
    loaded = load("me/tiny")
    assert loaded.predict_proba(TEXTS).equal(tiny_model.predict_proba(TEXTS))
    assert loaded.config == tiny_model.config
    for name, tensor in tiny_model.state_dict().items():
        assert loaded.state_dict()[name].equal(tensor)


def test_licence_and_language_stay_when_a_model_goes_elsewhere(hub, tiny_model, load, tmp_path):
    tiny_model.push_to_hub("me/tiny", token=WRITE_TOKEN, license="mit", language="de")
    loaded = load("me/tiny")
    loaded.save_pretrained(tmp_path / "copy")
    loaded.push_to_hub("me/other", token=WRITE_TOKEN, language="en")
    copied, pushed = (
        ModelCard.load(tmp_path / "copy" / "README.md"),
        ModelCard(hub.files("me/other")["README.md"].decode()),
    )
    assert (copied.data.license, copied.data.language) == ("mit", "de")
    assert (pushed.data.license, pushed.data.language) == ("mit", "en")


@pytest.fixture
def measured_folder(tiny_model, tmp_path):
    """The folder of a model with the provenance and report that a run gives it."""
    folder = tmp_path / "measured"
    tiny_model.save_pretrained(folder)
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    (folder / "results.json").write_text(json.dumps({**make_results(), "weights_sha256": digest}))
    make_report(folder, writes_weights=False)
    LSTMSentiment.from_pretrained(folder).save_pretrained(folder, repo_id="me/tiny")
    return folder


@pytest.mark.parametrize("is_from_hub", [False, True])
def test_a_model_that_is_pushed_again_keeps_its_report(hub, measured_folder, load, is_from_hub):
    push_model_folder(measured_folder, "me/tiny", token=WRITE_TOKEN)
    pushed = hub.files("me/tiny")
    assert b"report/reliability.png" in pushed["README.md"]
    assert b"Most confident mistakes" in pushed["README.md"]
    model = load("me/tiny") if is_from_hub else LSTMSentiment.from_pretrained(measured_folder)
    model.push_to_hub("me/tiny", token=WRITE_TOKEN)
    assert hub.files("me/tiny") == pushed
    model.push_to_hub("me/other", token=WRITE_TOKEN)
    assert set(hub.files("me/other")) == set(pushed)


def test_other_weights_do_not_take_the_report_along(measured_folder, tmp_path):
    model = LSTMSentiment.from_pretrained(measured_folder)
    with torch.no_grad():
        model.classifier.bias += 1
    model.save_pretrained(tmp_path / "changed")
    assert not (tmp_path / "changed" / "report").exists()
    model.save_pretrained(measured_folder)
    assert not list((measured_folder / "report").glob("*"))
    assert "report/" not in (measured_folder / "README.md").read_text()


def test_a_bare_name_goes_below_the_user(hub, tiny_model):
    tiny_model.push_to_hub("tiny", token=WRITE_TOKEN)
    assert "model.safetensors" in hub.files("me/tiny")


@pytest.mark.parametrize("kind", ["drop", "drop_mid_body"])
def test_a_lost_connection_is_one_line(repo, load, monkeypatch, kind):
    monkeypatch.setattr("hf_lstm.hub.session.READ_RETRY_FOR_S", 0.1)
    repo.inject("info", Fault(kind), forever=True)
    with pytest.raises(InputError, match="org/model"):
        load()


def test_only_the_files_of_a_model_are_downloaded_and_all_from_one_commit(repo, load):
    repo.commit("org/model", {"pytorch_model.bin": b"evil", "big.parquet": b"0" * 1000})
    load()
    paths = [request.path for request in repo.requests if "/resolve/" in request.path]
    assert not [path for path in paths if "evil" in path or path.endswith((".bin", ".parquet"))]
    assert {path.split("/resolve/")[1].split("/")[0] for path in paths} == {repo.commits("org/model")[-1]}


def test_a_revision_stays_what_it_was(repo, load, tiny_model, tmp_path):
    first = repo.commits("org/model")[-1]
    before = load().predict_proba(TEXTS)
    tiny_model.reset_parameters()
    tiny_model.save_pretrained(tmp_path / "new")
    repo.commit("org/model", {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()})
    assert not load().predict_proba(TEXTS).equal(before)
    assert load(revision=first).predict_proba(TEXTS).equal(before)


def test_a_cached_model_loads_without_the_hub(repo, load, monkeypatch):
    before = load().predict_proba(TEXTS)
    repo.reset()
    assert load(local_files_only=True).predict_proba(TEXTS).equal(before)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert load().predict_proba(TEXTS).equal(before)


def test_a_branch_is_a_revision(repo, load, tiny_model):
    repo.tokens[WRITE_TOKEN] = ("org", "write")
    before = load().predict_proba(TEXTS)
    tiny_model.reset_parameters()
    tiny_model.push_to_hub("org/model", revision="next", token=WRITE_TOKEN)
    assert load().predict_proba(TEXTS).equal(before)
    assert load(revision="next").predict_proba(TEXTS).equal(tiny_model.predict_proba(TEXTS))
    repo.reset()
    assert load(revision="next", local_files_only=True).predict_proba(TEXTS).equal(tiny_model.predict_proba(TEXTS))


@pytest.mark.parametrize("is_offline", [False, True], ids=["local_files_only", "HF_HUB_OFFLINE"])
@pytest.mark.parametrize("missing", [["model.safetensors"], ["config.json", "tokenizer.json"], ["recipe.json"]])
def test_a_cache_that_has_part_of_a_model_says_which_is_missing(repo, load, tmp_path, monkeypatch, missing, is_offline):
    repo.commit("org/model", {"recipe.json": b"{}"})
    load()
    requests = repo.count()
    for name in missing:
        next((tmp_path / "cache").glob(f"models--org--model/snapshots/*/{name}")).unlink()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", is_offline)
    if missing == ["recipe.json"]:  # which a model can do without
        assert load(local_files_only=not is_offline).recipe is None
    else:
        with pytest.raises(InputError) as caught:
            load(local_files_only=not is_offline)
        names = " and no ".join(missing)
        assert str(caught.value) == f"model 'org/model' has no {names}; it is not in the cache: download it once"
    assert repo.count() == requests


def test_who_may_see_a_repository_can_load_it(repo, load, tiny_model_folder):
    repo.add_repo("me/private", folder=tiny_model_folder, private=True)
    repo.add_repo("me/gated", folder=tiny_model_folder, gated=True)
    for token in (None, OTHER_TOKEN):
        with pytest.raises(
            InputError, match=r"^model 'me/private' is not on the Hub, or is private: check the name, or"
        ):
            load("me/private", token=token)
        with pytest.raises(InputError, match=r"^model 'me/gated' is gated: accept its terms on its page on the Hub"):
            load("me/gated", token=token)
    for name in ("me/private", "me/gated"):
        assert load(name, token=WRITE_TOKEN).config.hidden_size == 8


def refuse_gated(hub):
    hub.add_repo("org/gated", gated=True)


def refuse_incomplete(hub):
    hub.add_repo("org/incomplete", files={"config.json": b"{}"})


@pytest.mark.parametrize(
    ("repo_id", "prepare", "options", "expected"),
    [
        ("org/no-such-model", None, {}, "org/no-such-model"),
        ("org/gated", refuse_gated, {}, "gated"),
        ("org/incomplete", refuse_incomplete, {}, "model.safetensors"),
        ("org/model", None, {"revision": "no-such-branch"}, "no-such-branch"),
        ("org/not-cached", None, {"local_files_only": True}, "cache"),
        ("not an id/at all/here", None, {}, "neither a folder"),
        ("./no/such/folder", None, {}, "no/such/folder"),
    ],
)
def test_what_cannot_be_loaded_says_why_in_one_line(repo, load, repo_id, prepare, options, expected):
    if prepare:
        prepare(repo)
    with pytest.raises(InputError) as caught:
        load(repo_id, **options)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_hub_that_fails_is_named_or_the_cache_used(repo, load, monkeypatch):
    monkeypatch.setattr("hf_lstm.hub.session.READ_RETRY_FOR_S", 0.1)
    before = load().predict_proba(TEXTS)
    for endpoint in ("info", "resolve", "tree"):
        repo.inject(endpoint, Fault("status", status=500), forever=True)
    assert load().predict_proba(TEXTS).equal(before)
    with pytest.raises(InputError, match="org/model"):
        load(force_download=True)
