import copy
import dataclasses
import functools
import json
import os

import pytest
import torch
from huggingface_hub import ModelCard

from hf_lstm import InputError, LSTMSentiment
from hf_lstm.config.overrides import override_recipe
from hf_lstm.config.recipes.ours import POOLED_BILSTM
from hf_lstm.config.recipes.published import STOPWORD_LSTM
from hf_lstm.errors import DivergenceError
from hf_lstm.files.names import TRANSFORMERS_FILES
from hf_lstm.records.reading import to_json
from hf_lstm.records.results import BaseModelFacts
from hf_lstm.storage.checkpoints import Checkpoints
from hf_lstm.teaching.kept_answers import KeptAnswers
from hf_lstm.tokenization.build import train_tokenizer
from hf_lstm.training import completion
from hf_lstm.training.loop.epochs import train
from hf_lstm.training.options import RunOptions
from hf_lstm.training.run import run_experiment

SMALL = ["train.num_epochs=3", "train.batch_size=8", "model.hidden_size=8", "model.embedding_dim=8"]
MOODS = {"glad": "lovely fine great", "sad": "dull bad poor", "so-so": "fair plain usual"}


def write_reviews(path):
    """Write a CSV of 120 different rows with three labels, each told by words of its own."""
    rows = [
        f'"film number {i}, {words.split()[i % 3]}, {words.split()[(i + 1) % 3]}",{label}'
        for i in range(40)
        for label, words in MOODS.items()
    ]
    path.write_text("\n".join(["review,mood", *rows]))
    return path


def make_recipe(reviews):
    changes = [*SMALL, f"data.dataset={reviews}", "train.num_epochs=12", "train.learning_rate=0.02"]
    recipe = override_recipe(POOLED_BILSTM, changes)
    return dataclasses.replace(recipe, data=recipe.data.with_columns(None, "mood"), given=())


@pytest.fixture
def reviews(tmp_path):
    return write_reviews(tmp_path / "reviews.csv")


@pytest.fixture
def recipe(reviews):
    return make_recipe(reviews)


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory):
    """The folder of a run, and the results it returned."""
    folder = tmp_path_factory.mktemp("finished")
    return folder / "run", run_experiment(make_recipe(write_reviews(folder / "reviews.csv")), options(folder))


def options(tmp_path, **changes):
    return RunOptions(**{"output_dir": tmp_path / "run", "show_progress": False, "device": "cpu", **changes})


def test_a_run_measures_the_weights_it_saves(finished_run):
    folder, results = finished_run
    expected = {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "README.md",
        "recipe.json",
        "results.json",
        "metrics.jsonl",
        "report",
        "local.json",
        *TRANSFORMERS_FILES,
    }
    assert set(os.listdir(folder)) == expected
    assert json.loads((folder / "results.json").read_text()) == to_json(results)
    assert results.dataset.num_rows == {"train": 97, "validation": 11, "test": 12}
    assert results.splits["test"].accuracy == 1.0
    assert sum(map(sum, results.splits["test"].confusion_matrix.rows)) == 12
    assert "100.00 %" in (folder / "README.md").read_text()

    model = LSTMSentiment.from_pretrained(folder)
    assert model.config.temperature == results.temperature
    for figures in results.splits.values():
        assert 0 < figures.accuracy_interval[0] <= figures.accuracy <= figures.accuracy_interval[1] <= 1
    assert model.config.id2label == {0: "glad", 1: "sad", 2: "so-so"}
    assert model.predict("lovely, great")["label"] == "glad"
    assert json.loads((folder / "recipe.json").read_text())["model"]["vocab_size"] == model.config.vocab_size


def copy_with_other_labels(path):
    """The same rows, of which those that were so-so are called plain."""
    other = path.with_name("other.csv")
    other.write_text(path.read_text().replace(",so-so", ",plain"))
    return other


@pytest.mark.parametrize("has_same_labels", [True, False])
def test_a_fine_tuned_model_starts_from_the_weights_of_another(
    finished_run, tmp_path, recipe, reviews, has_same_labels
):
    base_folder, base_results = finished_run
    dataset = reviews if has_same_labels else copy_with_other_labels(reviews)
    recipe = dataclasses.replace(recipe, model=dataclasses.replace(recipe.model, hidden_size=5))
    changes = [f"train.init_from={base_folder}", f"data.dataset={dataset}"]
    slow = ["train.num_epochs=1", "train.learning_rate=1e-7"]  # what it starts from is what is left
    results = run_experiment(override_recipe(recipe, [*changes, *slow]), options(tmp_path))
    assert results.init_from == BaseModelFacts(
        source=base_folder.name,
        is_on_hub=False,
        weights_sha256=base_results.weights_sha256,
        keeps_classifier=has_same_labels,
        is_language_model=False,
    )
    base, tuned = (LSTMSentiment.from_pretrained(folder) for folder in (base_folder, tmp_path / "run"))
    assert tuned.tokenizer.to_str() == base.tokenizer.to_str()
    assert set(tuned.config.id2label.values()) == {"glad", "sad", "so-so" if has_same_labels else "plain"}
    for name, weights in base.state_dict().items():
        is_kept = torch.allclose(tuned.state_dict()[name], weights, atol=1e-4)
        assert is_kept == (has_same_labels or not name.startswith("classifier.")), name
    assert json.loads((tmp_path / "run" / "recipe.json").read_text())["model"]["hidden_size"] == 8
    assert "It started from the weights of" in (tmp_path / "run" / "README.md").read_text()


def test_a_fine_tuned_model_reads_as_much_as_its_base_unless_told_otherwise(finished_run, tmp_path, recipe):
    base_folder, _ = finished_run
    base = LSTMSentiment.from_pretrained(base_folder).config
    own = dataclasses.replace(recipe.model, max_length_tokens=99, truncation="last", max_length_characters=88)
    recipe = dataclasses.replace(recipe, model=own)
    recipe = override_recipe(recipe, [f"train.init_from={base_folder}", "train.num_epochs=1"])
    run_experiment(recipe, options(tmp_path))
    found = LSTMSentiment.from_pretrained(tmp_path / "run").config
    assert (found.max_length_tokens, found.truncation) == (base.max_length_tokens, base.truncation)

    told = override_recipe(recipe, ["model.max_length_tokens=3", "model.truncation=head_tail"])
    with pytest.raises(InputError, match=r"model\.max_length_tokens was 400 and is 3 now; model\.truncation was first"):
        run_experiment(told, options(tmp_path, resume=True))
    run_experiment(told, options(tmp_path, overwrite=True))
    tuned = LSTMSentiment.from_pretrained(tmp_path / "run")
    assert (tuned.config.max_length_tokens, tuned.config.truncation) == (3, "head_tail")
    assert tuned.config.max_length_characters == base.max_length_characters
    saved = json.loads((tmp_path / "run" / "recipe.json").read_text())
    assert saved["model"]["max_length_tokens"] == 3
    assert saved["given"] == {"model.max_length_tokens": 3, "model.truncation": "head_tail"}
    assert tuned.recipe.given == ("model.max_length_tokens", "model.truncation")
    run_experiment(told, options(tmp_path, resume=True))
    for other, said in [
        (recipe, r"given\.model\.max_length_tokens was 3 and is none now"),
        (override_recipe(told, ["model.max_length_tokens=4"]), r"model\.max_length_tokens was 3 and is 4 now; pass"),
    ]:
        with pytest.raises(InputError, match=f"another one: {said}"):
            run_experiment(other, options(tmp_path, resume=True))


def test_what_the_base_determines_is_refused_before_the_data_are_read(finished_run, tmp_path, recipe):
    changes = [f"train.init_from={finished_run[0]}", f"data.dataset={tmp_path / 'none.csv'}", "model.hidden_size=5"]
    with pytest.raises(InputError, match=r"model\.hidden_size: the model to start from, .*, and has 8; leave"):
        run_experiment(override_recipe(recipe, changes), options(tmp_path))


def test_what_does_not_go_with_the_base_is_refused_before_the_data_are_read(tmp_path, recipe):
    recipe = override_recipe(recipe, ["model.bidirectional=true"])
    recipe = dataclasses.replace(recipe, given=())  # as a recipe of the catalog has it
    changes = ["train.init_from=flagship-tiny", f"data.dataset={tmp_path / 'none.csv'}", "model.direction_dropout=0.1"]
    with pytest.raises(InputError, match=r"model\.direction_dropout is 0\.1, but must be 0: model\.bidirectional is f"):
        run_experiment(override_recipe(recipe, changes), options(tmp_path))


@pytest.mark.parametrize("average", ["none", "0.9"])
def test_a_frozen_embedding_is_that_of_the_base_model_to_the_bit(finished_run, tmp_path, recipe, average):
    base_folder, _ = finished_run
    changes = [f"train.init_from={base_folder}", "train.num_epochs=2", "train.weight_decay=0.1"]
    frozen = ["train.freeze_embeddings=true", f"train.ema_decay={average}"]
    run_experiment(override_recipe(recipe, [*changes, *frozen]), options(tmp_path))
    base, tuned = (LSTMSentiment.from_pretrained(folder).state_dict() for folder in (base_folder, tmp_path / "run"))
    assert [name for name, weights in base.items() if torch.equal(weights, tuned[name])] == ["embedding.weight"]
    assert "whose word vectors stayed as they were" in (tmp_path / "run" / "README.md").read_text()


def test_a_model_of_the_hub_is_the_base_of_what_is_fine_tuned(hub, tmp_path, recipe, tiny_model_folder):
    hub.add_repo("org/base", folder=tiny_model_folder)
    changes = ["train.init_from=org/base", "train.num_epochs=1"]
    results = run_experiment(override_recipe(recipe, changes), options(tmp_path))
    assert (results.init_from.source, results.init_from.is_on_hub) == ("org/base", True)
    data = ModelCard.load(tmp_path / "run" / "README.md").data.to_dict()
    assert (data["base_model"], data["base_model_relation"]) == ("org/base", "finetune")


def test_a_model_to_fine_tune_that_is_not_there_is_one_line(tmp_path, recipe):
    changed = override_recipe(recipe, [f"train.init_from={tmp_path / 'none'}"])
    with pytest.raises(InputError, match="is neither a folder here nor a Hub id"):
        run_experiment(changed, options(tmp_path))
    assert not (tmp_path / "run").exists()


def test_a_run_reports_on_its_test_rows_and_measures_nothing_twice(tmp_path, recipe):
    results = run_experiment(override_recipe(recipe, ["train.num_epochs=1"]), options(tmp_path))
    report = json.loads((tmp_path / "run" / "report" / "metrics.json").read_text())
    assert report["metrics"] == to_json(results.splits["test"])
    assert (report["model"], report["temperature"]) == ("run", results.temperature)
    duplicates = results.dataset.duplicates
    assert report["unseen"]["seen_in"] == ["train", "validation"]
    assert report["unseen"]["num_rows_seen"] == duplicates["test_in_train"] + duplicates["test_in_validation"]
    again = run_experiment(override_recipe(recipe, ["train.num_epochs=2"]), options(tmp_path, overwrite=True))
    assert json.loads((tmp_path / "run" / "report" / "metrics.json").read_text())["metrics"] == to_json(
        again.splits["test"]
    )


@pytest.mark.usefixtures("without_report")
def test_two_runs_write_the_same_weights(tmp_path, recipe):
    recipe = override_recipe(recipe, ["train.num_epochs=2", "train.precision=float32"])
    weights = []
    for name in ("a", "b"):
        run_experiment(recipe, options(tmp_path, output_dir=tmp_path / name, measures_baseline=False))
        weights.append((tmp_path / name / "model.safetensors").read_bytes())
    assert weights[0] == weights[1]


def test_a_run_that_diverges_leaves_nothing_behind(tmp_path, recipe):
    recipe = override_recipe(recipe, ["train.learning_rate=1e38", "train.max_grad_norm=none"])
    with pytest.raises(DivergenceError):
        run_experiment(recipe, options(tmp_path))
    assert sorted(os.listdir(tmp_path)) == ["reviews.csv"]


def test_an_occupied_output_folder_is_found_before_the_data_are_read(tmp_path, recipe, monkeypatch):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text("{}")
    monkeypatch.setattr("hf_lstm.training.setup.load_splits", lambda *_, **__: pytest.fail("read"))
    with pytest.raises(InputError, match="--overwrite"):
        run_experiment(recipe, options(tmp_path))


@pytest.mark.usefixtures("without_report")
def test_stop_words_stay_in_the_sequence_as_unknown(tmp_path, reviews):
    columns = "data.label_column=mood"
    recipe = override_recipe(
        STOPWORD_LSTM, [f"data.dataset={reviews}", columns, "train.num_epochs=1", "model.hidden_size=4"]
    )
    results = run_experiment(recipe, options(tmp_path, measures_baseline=False))
    assert results.dataset.num_rows == {"train": 84, "validation": 12, "test": 24}
    model = LSTMSentiment.from_pretrained(tmp_path / "run")
    ids = model.tokenizer.encode("the film and number").ids
    assert ids[0] == ids[2] == model.config.unk_token_id
    assert min(ids[1], ids[3]) > model.config.unk_token_id
    assert torch.isfinite(model.predict_proba("the film")).all()


@pytest.mark.usefixtures("without_report")
def test_results_name_the_commit_that_the_run_began_with(tmp_path, recipe, monkeypatch):
    commits = ["first"]
    monkeypatch.setattr("hf_lstm.provenance.find_commit", lambda: commits[-1])

    def train_while_somebody_commits(*arguments, **settings):
        commits.append("second")
        return train(*arguments, **settings)

    monkeypatch.setattr("hf_lstm.training.run.train", train_while_somebody_commits)
    recipe = override_recipe(recipe, ["train.num_epochs=1"])
    before = copy.deepcopy(recipe)
    assert run_experiment(recipe, options(tmp_path)).commit == "first"
    assert recipe == before  # options do not leak into it


@pytest.mark.parametrize("is_frozen", [True, False])
@pytest.mark.usefixtures("without_report")
def test_a_run_starts_from_pretrained_vectors(tmp_path, recipe, is_frozen):
    (tmp_path / "vectors.txt").write_text("lovely 1 2 3 4 5 6 7 8\ndull 8 7 6 5 4 3 2 1\nelsewhere 0 0 0 0 0 0 0 0\n")
    changes = [
        f"train.embeddings={tmp_path / 'vectors.txt'}", f"train.freeze_embeddings={str(is_frozen).lower()}",
        "train.missing_vectors=zero", "train.weight_decay=0.1", "train.ema_decay=0.9", "train.num_epochs=2",
    ]  # fmt: skip
    results = run_experiment(override_recipe(recipe, changes), options(tmp_path))
    model = LSTMSentiment.from_pretrained(tmp_path / "run")
    coverage = results.embeddings
    assert (coverage.num_found, coverage.num_entries) == (2, model.config.vocab_size)
    assert 0 < coverage.share_of_train_tokens < 1
    assert coverage.is_frozen == is_frozen
    weight = model.embedding.weight
    assert weight.requires_grad
    vectors = torch.arange(1, 9).float()
    rows = weight[[model.tokenizer.token_to_id(word) for word in ("lovely", "dull")]]
    assert rows.equal(torch.stack([vectors, vectors.flip(0)])) == is_frozen
    assert weight.any(dim=1).sum().item() == 2 or not is_frozen


@pytest.mark.parametrize(
    ("setting", "file", "message"),
    [
        ("train.embeddings", "words.txt", "has 3 values a word"),
        ("train.embeddings", "no-such.txt", "there is no such file"),
        ("tokenizer.vocab", "words.txt", "expected the vocab.txt of a BERT model"),
        ("tokenizer.vocab", "no-such.txt", "there is no such file"),
    ],
)
def test_unusable_vectors_and_pieces_are_found_before_the_data_are_read(
    tmp_path, recipe, monkeypatch, setting, file, message
):
    (tmp_path / "words.txt").write_text("lovely 1 2 3\n")
    monkeypatch.setattr("hf_lstm.training.setup.load_splits", lambda *_, **__: pytest.fail("read"))
    changes = ["tokenizer.words=wordpiece", f"{setting}={tmp_path / file}"]
    with pytest.raises(InputError, match=message):
        run_experiment(override_recipe(recipe, changes), options(tmp_path))


def test_a_run_says_what_a_baseline_gets_on_the_same_rows(finished_run):
    folder, results = finished_run
    (baseline,) = results.baselines
    assert baseline.num_train_rows == results.dataset.num_rows["train"]
    assert set(baseline.splits) == {"validation", "test"}
    for name, figures in baseline.splits.items():
        assert figures.num_rows == results.splits[name].num_rows
        assert figures.model_accuracy == pytest.approx(results.splits[name].accuracy)
    figures = baseline.splits["test"]
    assert LSTMSentiment.from_pretrained(folder).results == results
    metrics = json.loads((folder / "report" / "metrics.json").read_text())
    assert metrics["split_sha256"] == figures.split_sha256
    assert metrics["baselines"] == {baseline.name: to_json(figures)}
    for page in ("README.md", "report/report.md"):
        assert f"{100 * figures.accuracy:.2f} %" in (folder / page).read_text()
        assert figures.describe_lead("it") in (folder / page).read_text()


def test_without_the_baseline_nothing_else_changes(finished_run, recipe, tmp_path):
    with_it = finished_run[1]
    results = run_experiment(recipe, options(tmp_path, measures_baseline=False))
    assert results.baselines == []
    assert "baselines" not in json.loads((tmp_path / "run" / "results.json").read_text())
    assert "logistic" not in (tmp_path / "run" / "README.md").read_text()
    assert results.weights_sha256 == with_it.weights_sha256
    assert results.splits == with_it.splits


class Death(BaseException):
    """Ends a run as a signal that nobody catches does: nothing is saved on the way out."""


def die_after(monkeypatch, num_saves):
    save, saved = Checkpoints.save, []

    def save_and_die(self, state):
        save(self, state)
        saved.append(state)
        if len(saved) == num_saves:
            raise Death

    monkeypatch.setattr(Checkpoints, "save", save_and_die)


def read_metrics(folder):
    """The log, without the seconds."""
    records = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in record.items() if name != "elapsed_s"} for record in records]


RESUMABLE = [
    "train.num_epochs=3", "train.patience=2", "train.ema_decay=0.9", "train.schedule=cosine", "train.warmup_steps=3",
    "model.dropout=0.3", "train.class_weights=1,2,3", "train.virtual_adversarial_epsilon=1", "train.frozen_steps=3",
    "train.unlabeled_batches_per_step=1", "train.layer_decay=0.5",
]  # fmt: skip


@pytest.mark.usefixtures("without_report")
def test_a_resumed_run_is_the_uninterrupted_one_to_the_bit(tmp_path, recipe, monkeypatch):
    texts = tmp_path / "texts.csv"
    texts.write_text("text\n" + "\n".join(f"a film both lovely and dull {number}" for number in range(50)))
    recipe = override_recipe(recipe, [*RESUMABLE, f"train.unlabeled={texts}"])
    whole = run_experiment(recipe, options(tmp_path, output_dir=tmp_path / "whole"))
    for attempt, num_saves in enumerate((2, 1, 3)):  # within epochs, and at the end of one
        with monkeypatch.context() as patch, pytest.raises(Death):  # noqa: PT012
            die_after(patch, num_saves)
            run_experiment(recipe, options(tmp_path, resume=attempt > 0, checkpoint_steps=5))
        assert os.listdir(tmp_path / "run") == [".unfinished"]
        with pytest.raises(InputError, match="unfinished"):
            LSTMSentiment.from_pretrained(tmp_path / "run")
        torch.manual_seed(attempt)  # what the process did before is of no concern
    resumed = run_experiment(recipe, options(tmp_path, resume=True))
    assert resumed.weights_sha256 == whole.weights_sha256
    assert [dataclasses.replace(epoch, elapsed_s=0.0) for epoch in resumed.epochs] == [
        dataclasses.replace(epoch, elapsed_s=0.0) for epoch in whole.epochs
    ]
    assert read_metrics(tmp_path / "run") == read_metrics(tmp_path / "whole")
    assert sorted(os.listdir(tmp_path / "run")) == sorted(os.listdir(tmp_path / "whole"))
    assert run_experiment(recipe, options(tmp_path, resume=True)) == resumed
    texts.write_text(texts.read_text() + "\none more film")
    with pytest.raises(InputError, match=r"is finished, and was another one: num_unlabeled was \d+ and is \d+ now; un"):
        run_experiment(recipe, options(tmp_path, resume=True))


@pytest.mark.usefixtures("without_report")
def test_what_differs_from_the_run_to_resume_is_named(tmp_path, recipe, reviews, monkeypatch, caplog):
    recipe = override_recipe(recipe, ["train.num_epochs=1"])
    with monkeypatch.context() as patch, pytest.raises(Death):  # noqa: PT012
        die_after(patch, 1)
        run_experiment(recipe, options(tmp_path, checkpoint_steps=5))
    with pytest.raises(InputError, match=r"unfinished run; pass --resume .* --overwrite"):
        run_experiment(recipe, options(tmp_path))
    changed = override_recipe(recipe, ["train.learning_rate=0.01", "train.seed=1"])
    with pytest.raises(InputError, match=r"train.learning_rate was 0.02 and is 0.01 now; train.seed was 0 and is 1"):
        run_experiment(changed, options(tmp_path, resume=True))
    text = reviews.read_text()
    reviews.write_text(text.replace("number 6, lovely", "number 6, great"))
    with pytest.raises(InputError, match=r"resumed: texts_and_labels_sha256 was \w+\.* and is .*; vocabulary_"):
        run_experiment(recipe, options(tmp_path, resume=True))
    reviews.write_text(text)
    with monkeypatch.context() as patch:
        patch.setattr(
            completion, "train_tokenizer", lambda texts, config: train_tokenizer([*texts, "unheard " * 9], config)
        )
        with pytest.raises(InputError, match=r"resumed: vocabulary_sha256 was \w+\.\.\. and is \w+\.\.\. now; rows_"):
            run_experiment(recipe, options(tmp_path, resume=True))
    monkeypatch.setattr("hf_lstm.provenance.find_commit", lambda: "other")
    num_threads = torch.get_num_threads() + 1
    torch.set_num_threads(num_threads)
    assert run_experiment(recipe, options(tmp_path, resume=True)).num_threads == num_threads
    (line,) = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert "num_threads was " in line
    assert f" and is {num_threads} now; commit was " in line


def test_a_finished_run_is_not_run_again(finished_run, tmp_path, recipe, monkeypatch):
    folder, results = finished_run
    monkeypatch.setattr("hf_lstm.training.run.train", lambda *_, **__: pytest.fail("trained"))
    assert run_experiment(recipe, options(tmp_path, output_dir=folder, resume=True)) == results
    other = override_recipe(recipe, ["train.seed=7"])
    with pytest.raises(
        InputError, match=r"is finished, and was another one: train\.seed was \d+ and is 7 now; pass --"
    ):
        run_experiment(other, options(tmp_path, output_dir=folder, resume=True))
    rows = (tmp_path / "reviews.csv").read_text()
    for changed, said in [
        (rows.replace("dull", "drab", 1), r"rows_sha256 was \w+\.\.\. and is \w+\.\.\. now; texts_sha256\.\w+ was "),
        (
            rows.replace(",glad", ",merry"),
            r"labels was \['glad', 'sad', 'so-so'\] and is \['merry', 'sad', 'so-so'\] now",
        ),
        (rows + "\none more,sad", r"num_rows\.\w+ was \d+ and is \d+ now; "),
    ]:
        (tmp_path / "reviews.csv").write_text(changed)
        with pytest.raises(InputError, match=f"is finished, and was another one: {said}"):
            run_experiment(recipe, options(tmp_path, output_dir=folder, resume=True))


def test_a_run_whose_report_fails_is_saved_all_the_same(tmp_path, recipe, monkeypatch):
    monkeypatch.setattr("hf_lstm.training.saving.report_run", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run_experiment(override_recipe(recipe, ["train.num_epochs=1"]), options(tmp_path))
    assert LSTMSentiment.from_pretrained(tmp_path / "run").results.best_epoch == 1
    assert not (tmp_path / "run" / ".unfinished").exists()


@pytest.mark.usefixtures("without_report")
def test_a_run_that_is_stopped_among_its_teachers_keeps_what_they_said(tmp_path, recipe, finished_run, monkeypatch):
    """Long labeling is lost no more than long training is, and the same is learned from it."""
    recipe = override_recipe(recipe, [f"train.teachers={finished_run[0]}", "train.num_epochs=1"])
    monkeypatch.setattr("hf_lstm.runtime.memory.WINDOW_TEXTS", 32)  # of some 90 rows
    monkeypatch.setattr("hf_lstm.training.run.KeptAnswers", functools.partial(KeptAnswers, after_s=0))
    whole = run_experiment(recipe, options(tmp_path))
    windows, label = [], LSTMSentiment.predict_proba

    def label_or_end(self, texts, **settings):
        windows.append(len(texts))
        if len(windows) == 2:
            raise KeyboardInterrupt
        return label(self, texts, **settings)

    other = dataclasses.replace(options(tmp_path), output_dir=tmp_path / "stopped")
    with monkeypatch.context() as patch:
        patch.setattr(LSTMSentiment, "predict_proba", label_or_end)
        with pytest.raises(KeyboardInterrupt):
            run_experiment(recipe, other)
        with pytest.raises(InputError, match="holds an unfinished run; pass --resume"):
            run_experiment(recipe, other)
        resumed = run_experiment(recipe, dataclasses.replace(other, resume=True))
    assert windows[0] == windows[1] == 32
    assert sum(windows) == 32 + whole.dataset.num_rows["train"]  # one window was asked for twice, the others once
    assert resumed.weights_sha256 == whole.weights_sha256
    assert not (tmp_path / "stopped" / ".unfinished").exists()


@pytest.mark.usefixtures("without_report")
def test_a_finished_run_that_found_no_texts_without_labels_tells_that_there_are_some_now(tmp_path, recipe, reviews):
    (tmp_path / "data").mkdir()
    reviews.rename(tmp_path / "data" / "train.csv")
    card = "---\nconfigs:\n- config_name: default\n  data_files:\n  - {split: train, path: train.csv}\n"
    (tmp_path / "data" / "README.md").write_text(f"{card}---\n")
    changes = [f"data.dataset={tmp_path / 'data'}", "train.teachers=ngrams", "train.unlabeled=auto"]
    recipe = override_recipe(recipe, [*changes, "train.num_epochs=1"])
    results = run_experiment(recipe, options(tmp_path))
    assert (results.dataset.num_unlabeled, results.dataset.unlabeled_sha256) == (0, None)
    assert run_experiment(recipe, options(tmp_path, resume=True)) == results
    (tmp_path / "data" / "unlabeled.csv").write_text("review\na film of no label\none more\n")
    (tmp_path / "data" / "README.md").write_text(f"{card}  - {{split: unlabeled, path: unlabeled.csv}}\n---\n")
    with pytest.raises(InputError, match=r"another one: num_unlabeled was 0 and is 2 now; pass --overwrite"):
        run_experiment(recipe, options(tmp_path, resume=True))
