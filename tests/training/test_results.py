import json

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset, Features, Value

from hf_lstm.config import Recipe, TrainConfig
from hf_lstm.data.encoded import encode_split
from hf_lstm.data.splits import Splits
from hf_lstm.evaluation.calibration import fit_temperature
from hf_lstm.provenance import describe_code
from hf_lstm.records.reading import read_record, to_json
from hf_lstm.records.results import BaseModelFacts, Epoch, EpochFigures, RunResults
from hf_lstm.records.rows import RowFindings
from hf_lstm.training.results import build_results, measure_saved_model
from hf_lstm.training.setup import PreparedRun

TEXTS = {
    "train": ["a wonderful film", "a dull film", "the worst year", "great fun", "great fun"],
    "validation": ["a great cast", "a waste of time", "the first minute"],
    "test": ["a wonderful cast", "dull acting", "great fun"],
}


@pytest.fixture
def run(tiny_model):
    """A run whose model predicts at random, so that the best temperature is not 1."""
    features = Features({"text": Value("string"), "label": ClassLabel(names=["neg", "pos"])})
    splits = Splits(
        {
            name: Dataset.from_dict({"text": texts, "label": [i % 2 for i in range(len(texts))]}, features=features)
            for name, texts in TEXTS.items()
        },
        cuts={"test": "3 rows cut from train"},
    )
    encoded = {name: encode_split(split, tiny_model.tokenizer, tiny_model.config) for name, split in splits.items()}
    recipe = Recipe(name="tiny", description="", source="", model=tiny_model.config, train=TrainConfig(seed=3))
    base = BaseModelFacts(source="org/base", is_on_hub=True, weights_sha256="ab" * 32, keeps_classifier=True)
    learned = encoded["train"]
    return PreparedRun(
        recipe=recipe,
        splits=splits,
        findings=RowFindings(),
        encoded=encoded,
        learned=learned,
        unlabeled=None,
        unlabeled_sha256=None,
        num_unlabeled=None,
        model=tiny_model,
        base_model=base,
        word_vectors=None,
    )


@pytest.fixture
def measured(run, tmp_path):
    run.model.save_pretrained(tmp_path)
    return measure_saved_model(tmp_path, "ef" * 32, run)


def test_the_saved_weights_are_measured_and_not_those_in_memory(run, tmp_path):
    run.model.save_pretrained(tmp_path)
    expected = {name: run.model.predict_proba(texts) for name, texts in TEXTS.items()}
    torch.nn.init.zeros_(run.model.classifier.weight)
    measured = measure_saved_model(tmp_path, "ef" * 32, run)
    for name, split in measured.scored.items():
        assert split.labels.tolist() == run.splits[name]["label"][:]
        torch.testing.assert_close(split.logits.softmax(dim=1), expected[name])


def test_the_temperature_is_that_of_validation_and_goes_into_the_recipe(run, measured):
    validation = measured.scored["validation"]
    temperature = fit_temperature(validation.logits, np.asarray(validation.labels))
    assert measured.model.config.temperature == temperature != 1
    assert measured.recipe.model.temperature == temperature
    assert run.recipe.model.temperature == 1


def test_results_tell_where_the_figures_come_from(run, measured):
    figures = EpochFigures(loss=0.5, accuracy=0.5)
    epochs = [
        Epoch(epoch=epoch, is_best=epoch < 3, train=figures, validation=figures, elapsed_s=1.0) for epoch in (1, 2, 3)
    ]
    results = build_results(run, epochs, measured, command="train tiny", code=describe_code(), elapsed_s=1.0)
    written = to_json(results)
    assert list(written) == [
        "recipe", "command", "dataset", "weights_sha256", "model", "init_from", "seed", "device", "precision",
        "measured_in", "num_threads", "versions", "commit", "epochs", "best_epoch", "temperature", "splits",
        "elapsed_s",
    ]  # fmt: skip
    assert results.best_epoch == 2
    assert (results.seed, results.device, results.measured_in) == (3, "cpu", "float32")
    assert results.dataset.num_rows == {"train": 5, "validation": 3, "test": 3}
    assert results.dataset.duplicates["test_in_train"] == 1
    assert results.dataset.cuts == {"test": "3 rows cut from train"}
    for name, figures in results.splits.items():
        is_right = measured.scored[name].logits.argmax(dim=1).numpy() == measured.scored[name].labels
        assert figures.accuracy == pytest.approx(is_right.mean())
    assert read_record(RunResults, json.loads(json.dumps(written)), "results.json") == results
