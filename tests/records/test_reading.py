import dataclasses
import json
import math
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from run_records import make_figures, make_results

from hf_lstm import InputError, LSTMSentiment
from hf_lstm.records.reading import read_record, to_json
from hf_lstm.records.report import Analysis, Measurement, Mistake
from hf_lstm.records.results import RunResults

RESULTS = sorted(Path(__file__).resolve().parents[2].glob("results/*-seed*.json"))
assert RESULTS
KEYS_OF_NO_RECORD = {"packed-lstm-unpacked-seed0.json": {"warning", "published"}}
WORD = {"word": "fine", "start": 5, "end": 9, "contribution": 2.0}
MISTAKE = {"row": 3, "label": "neg", "predicted": "pos", "score": 0.9987, "words": [WORD], "text": "film fine"}
VECTORS = {
    "source": "glove", "file": "glove.6B.100d.txt", "is_frozen": True, "num_found": 9, "num_entries": 10,
    "share_of_vocabulary": 0.9, "share_of_train_tokens": 0.98,
}  # fmt: skip
BASELINE_FIGURES = {
    "split_sha256": "ab" * 32, "num_rows": 40, "accuracy": 0.9, "accuracy_interval": [0.77, 0.96],
    "only_model_right": 1, "only_baseline_right": 3, "lead": -0.05, "lead_interval": [-0.15, 0.05],
}  # fmt: skip
BASELINE = {
    "name": "TF-IDF", "library": "scikit-learn 1.9.1", "settings": {"C": "10"}, "num_train_rows": 9,
    "num_features": 99, "elapsed_s": 3.0, "splits": {"test": BASELINE_FIGURES},
}  # fmt: skip
FINDINGS = {
    "empty_texts": {"train": 2}, "contradictions": {"train": {"num_rows": 2, "example_rows": [3, 4]}},
    "small_labels": {"pos": 1}, "only_labels": {"validation": "neg"},
}  # fmt: skip
DATASET = {**make_results()["dataset"], "findings": FINDINGS}
BASE_MODEL = {"source": "runs/base", "is_on_hub": False, "weights_sha256": "ab" * 32, "keeps_classifier": True}
CALIBRATION_BIN = {"low": 0.5, "high": 0.55, "num_rows": 3, "confidence": 0.52, "accuracy": 0.5}
FILES = {
    RunResults: {
        **make_results(), "embeddings": VECTORS, "init_from": BASE_MODEL, "baselines": [BASELINE], "dataset": DATASET,
    },
    Measurement: {
        "model": "packed-lstm", "num_parameters": 9, "dataset": "reviews.csv", "split": "test",
        "split_sha256": "ab" * 32, "device": "cpu", "precision": "float32", "temperature": 1.5, "max_length_tokens": 9,
        "metrics": make_figures(["neg", "pos"], 0.87),
        "calibration": {"raw": {"expected_calibration_error": 0.02, "bins": [CALIBRATION_BIN]}},
        "epochs": make_results()["epochs"], "best_epoch": 1, "elapsed_s": 333.0, "is_own_data": True,
        "findings": FINDINGS, "baselines": {"TF-IDF": BASELINE_FIGURES},
    },
    Analysis: {
        "by_length": [
            {"from_words": 4, "to_words": 9, "num_rows": 5, "accuracy": 0.8, "accuracy_interval": [0.6, 0.9]}
        ],
        "unseen": {
            "seen_in": ["train"], "num_rows_seen": 1, "num_rows": 5, "accuracy": 0.8, "accuracy_interval": [0.6, 0.9],
        },
        "tricky_reviews": [{"text": "Not bad.", "label": "negative", "positive_probability": 0.2, "is_right": True}],
        "mistakes": [{"label": "neg", "predicted": "pos", "num_rows": 1, "most_confident": [MISTAKE]}],
    },
    Mistake: MISTAKE,
}  # fmt: skip
"""What a file of each kind holds, with every field that it may have."""


def list_paths(value, path=()):
    """Return the path of everything below a value of a JSON file."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, each in items for found in [(*path, key), *list_paths(each, (*path, key))]]


def put(value, path, new):
    """Return the value with something new at a path."""
    if not path:
        return new
    changed = value.copy()
    changed[path[0]] = put(value[path[0]], path[1:], new)
    return changed


def nest(depth):
    """Return a list in a list, and so on: deeper than recursion goes."""
    nested = []
    for _ in range(depth):
        nested = [nested]
    return nested


PLACES = [(kind, path) for kind, file in FILES.items() for path in list_paths(file)]
LOSS = (RunResults, ("splits", "test", "loss"))
NUM_ROWS = (RunResults, ("dataset", "num_rows"))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_the_results_of_every_run_are_written_as_they_were_read(path):
    results = json.loads(path.read_text())
    written = to_json(read_record(RunResults, results, path.name))
    assert set(results) - set(written) == KEYS_OF_NO_RECORD.get(path.name, set())
    assert json.dumps(written) == json.dumps({key: value for key, value in results.items() if key in written})


@pytest.mark.parametrize("kind", FILES, ids=lambda kind: kind.__name__)
def test_files_with_every_field_are_written_as_they_were_read(kind):
    record = read_record(kind, FILES[kind], "file.json")
    assert to_json(record) == FILES[kind]
    assert read_record(kind, json.loads(json.dumps(to_json(record))), "file.json") == record


@given(st.sampled_from(PLACES), VALUES)
@example(LOSS, 10**400)
@example(LOSS, "\U000e0001" * 100)
@example(NUM_ROWS, {"two\nlines": None})
@example(NUM_ROWS, {"\U000e0001" * 1000: None})
def test_whatever_stands_in_a_field_is_read_or_refused_in_a_line_that_names_it(place, value):
    kind, path = place
    try:
        record = read_record(kind, put(FILES[kind], path, value), "file.json")
    except InputError as error:
        message = str(error)
        assert len(message.splitlines()) == 1
        assert len(message) < 400
        assert [key for key in path if isinstance(key, str)][-1] in message
    else:
        assert isinstance(record, kind)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_refused(value):
    for kind, path in (LOSS, (Mistake, ("score",)), (Analysis, ("by_length", 0, "accuracy_interval", 1))):
        with pytest.raises(InputError, match=f"{path[-1]}.*: {value} is not a finite number; expected"):
            read_record(kind, put(FILES[kind], path, value), "file.json")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ((), [], "file.json: [] is not an object"),
        (("splits", "test", "loss"), "low", "file.json.splits['test'].loss: 'low' is not a finite number"),
        (("seed",), 7.0, "file.json.seed: 7.0 is not a whole number"),
        (("seed",), True, "file.json.seed: True is not a whole number"),
        (("elapsed_s",), True, "file.json.elapsed_s: True is not a finite number"),
        (("embeddings", "is_frozen"), 1, "file.json.embeddings.is_frozen: 1 is not true or false"),
        (("recipe",), None, "file.json.recipe: None is not a text"),
        (("epochs",), {}, "file.json.epochs: {} is not a list"),
        (("epochs", 0), {}, "file.json.epochs[0]: there is no epoch"),
        (("seed",), nest(100_000), "file.json.seed: [[[[[[[...]]]]]]] is not a whole number"),
        (NUM_ROWS[1], {"a\nb": None}, r"file.json.dataset.num_rows['a\nb']: None is not a whole number"),
        (
            ("splits", "test", "accuracy_interval"),
            [0.1, 0.2, 0.3],
            "file.json.splits['test'].accuracy_interval: [0.1, 0.2, 0.3] is not a list of 2",
        ),
    ],
)
def test_the_message_says_where_what_stands_and_what_was_expected(path, value, message):
    expected = f"^{re.escape(message)}; expected what a run of hf_lstm writes$"
    with pytest.raises(InputError, match=expected):
        read_record(RunResults, put(FILES[RunResults], path, value), "file.json")


@pytest.mark.parametrize("kind", FILES, ids=lambda kind: kind.__name__)
def test_fields_are_missing_only_where_they_have_a_default(kind):
    for field in dataclasses.fields(kind):
        file = {name: value for name, value in FILES[kind].items() if name != field.name}
        if field.default is None or field.default_factory is not dataclasses.MISSING:
            default = None if field.default is None else field.default_factory()
            assert getattr(read_record(kind, file, "file.json"), field.name) == default
        else:
            with pytest.raises(InputError, match=f"^file.json: there is no {field.name}; expected"):
                read_record(kind, file, "file.json")


def test_unknown_fields_are_passed_over():
    file = put(FILES[Mistake], ("words",), [{**WORD, "color": "red"}])
    assert read_record(Mistake, {**file, "comment": None}, "file.json") == read_record(Mistake, MISTAKE, "file.json")


def test_fields_with_a_default_are_left_out_when_they_have_it_and_others_never():
    results = read_record(RunResults, {**make_results(), "embeddings": None, "commit": None}, "results.json")
    written = to_json(results)
    assert not {"embeddings", "init_from"} & set(written)
    assert written["commit"] is None
    (pair,) = read_record(Analysis, FILES[Analysis], "metrics.json").mistakes
    counted = {"label": "neg", "predicted": "pos", "num_rows": 1}
    assert to_json(dataclasses.replace(pair, most_confident=[])) == counted


EPOCH = make_results()["epochs"][0]


@pytest.mark.parametrize("epochs", [3, [1], [{"epoch": 1}], [{**EPOCH, "train": {"loss": "low", "accuracy": 1}}]])
def test_results_that_no_run_wrote_are_refused_where_they_are_asked_for(tiny_model_folder, epochs):
    (tiny_model_folder / "results.json").write_text(json.dumps({**make_results(), "epochs": epochs}))
    model = LSTMSentiment.from_pretrained(tiny_model_folder)
    with pytest.raises(InputError, match=r"^results\.json\.epochs.*; expected what a run of hf_lstm writes$"):
        _ = model.results
