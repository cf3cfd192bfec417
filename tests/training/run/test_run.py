"""A run measures the weights that it saves, and says what it did."""

import copy
import json
import os

import pytest
import torch
from mood_runs import options

from hf_lstm import InputError, LSTMSentiment
from hf_lstm.config.overrides import override_recipe
from hf_lstm.config.recipes.published import STOPWORD_LSTM
from hf_lstm.errors import DivergenceError
from hf_lstm.files.names import TRANSFORMERS_FILES
from hf_lstm.records.reading import to_json
from hf_lstm.training.loop.epochs import train
from hf_lstm.training.run import run_experiment


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


def test_a_run_whose_report_fails_is_saved_all_the_same(tmp_path, recipe, monkeypatch):
    monkeypatch.setattr("hf_lstm.training.saving.report_run", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run_experiment(override_recipe(recipe, ["train.num_epochs=1"]), options(tmp_path))
    assert LSTMSentiment.from_pretrained(tmp_path / "run").results.best_epoch == 1
    assert not (tmp_path / "run" / ".unfinished").exists()
