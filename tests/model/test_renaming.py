"""Labels are renamed with the figures that tell of them, and figures of other labels are left out."""

import dataclasses
import hashlib
import json

import pytest
import torch
from run_records import make_recipe, make_results

from hf_lstm import InputError, LSTMSentiment

TEXTS = ["a wonderful film", "dull"]


@pytest.fixture
def measured(tiny_model_folder):
    """A model with recipe, results and a report, as loaded from its folder."""
    weights = (tiny_model_folder / "model.safetensors").read_bytes()
    results = {**make_results(), "weights_sha256": hashlib.sha256(weights).hexdigest()}
    results["dataset"]["findings"] = {"small_labels": {"pos": 3}, "only_labels": {"test": "neg"}}
    (tiny_model_folder / "results.json").write_text(json.dumps(results))
    (tiny_model_folder / "recipe.json").write_text(json.dumps(make_recipe()))
    (tiny_model_folder / "report").mkdir()
    (tiny_model_folder / "report" / "report.md").write_text("neg taken for pos")
    return LSTMSentiment.from_pretrained(tiny_model_folder)


def test_new_names_stand_in_every_file_and_no_figure_is_lost(measured, tmp_path):
    before, old_results = measured.predict_proba(TEXTS), measured.results
    measured.rename_labels({"neg": "schlecht", "pos": "gut"})
    measured.save_pretrained(tmp_path / "renamed")
    loaded = LSTMSentiment.from_pretrained(tmp_path / "renamed")
    assert torch.equal(loaded.predict_proba(TEXTS), before)
    assert loaded.config.id2label == loaded.recipe.model.id2label == {0: "schlecht", 1: "gut"}
    results = loaded.results
    test, old_test = results.splits["test"], old_results.splits["test"]
    assert test.per_label == {"schlecht": old_test.per_label["neg"], "gut": old_test.per_label["pos"]}
    assert test.confusion_matrix.labels == ["schlecht", "gut"]
    assert test.confusion_matrix.rows == old_test.confusion_matrix.rows
    assert results.dataset.findings.small_labels == {"gut": 3}
    assert results.dataset.findings.only_labels == {"test": "schlecht"}
    card = (tmp_path / "renamed" / "README.md").read_text()
    assert "| gut |" in card
    for file in ("README.md", "results.json", "recipe.json", "config.json"):
        content = (tmp_path / "renamed" / file).read_text()
        assert '"pos"' not in content, file
        assert "| pos |" not in content, file
    assert not (tmp_path / "renamed" / "report").exists()


def test_names_may_change_places_and_go_back_into_the_same_folder(measured, tiny_model_folder):
    measured.rename_labels({"neg": "pos", "pos": "neg"})
    measured.save_pretrained(tiny_model_folder)
    loaded = LSTMSentiment.from_pretrained(tiny_model_folder)
    assert loaded.config.label_names == loaded.results.splits["test"].confusion_matrix.labels == ["pos", "neg"]
    assert not (tiny_model_folder / "report" / "report.md").exists()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"bad": "neg"}, "label 'bad': the model has no such label; there are 'neg', 'pos'"),
        ({"neg": "pos"}, "two labels would be named 'pos'"),
        ({"neg": " "}, "its new name is ' '"),
        ({"neg": 1}, "its new name is 1"),
        ({0: "bad"}, "label 0: the model has no such label"),
        (["bad", "good"], "expected a dict"),
    ],
)
def test_names_that_cannot_be_given_change_nothing(measured, names, message):
    with pytest.raises(InputError, match=message):
        measured.rename_labels(names)
    assert measured.config.label_names == ["neg", "pos"]
    assert measured.results is not None


@pytest.mark.parametrize("labels", [("bad", "good"), ("pos", "neg")])
def test_figures_of_other_labels_are_left_out(measured, tmp_path, caplog, labels):
    measured.config = dataclasses.replace(measured.config, id2label=dict(enumerate(labels)))
    assert measured.results is None
    with pytest.raises(InputError, match="of other labels"):
        measured.rename_labels({labels[0]: "other"})
    measured.save_pretrained(tmp_path / "relabeled")
    assert "rename_labels" in caplog.text
    loaded = LSTMSentiment.from_pretrained(tmp_path / "relabeled")
    assert loaded.results is None
    assert loaded.recipe.model.label_names == list(labels)
    assert not (tmp_path / "relabeled" / "report").exists()
