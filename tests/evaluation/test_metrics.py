import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from report_records import make_metrics
from run_records import make_config
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from hf_lstm.evaluation.metrics import build_metric, compute_wilson_interval, measure_decided
from hf_lstm.evaluation.scoring import measure_logits
from hf_lstm.files.writing import encode_json
from hf_lstm.records.reading import to_json

LABELS = ["a", "b", "c"]


@given(rows=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=40))
def test_metrics_equal_scikit_learn(rows):
    predictions, references = np.array(rows).T
    result = measure_decided(predictions, references, LABELS)
    expected = precision_recall_fscore_support(references, predictions, labels=[0, 1, 2], zero_division=0)
    assert result["accuracy"] == pytest.approx(accuracy_score(references, predictions))
    assert result["confusion_matrix"]["rows"] == confusion_matrix(references, predictions, labels=[0, 1, 2]).tolist()
    for i, key in enumerate(("precision", "recall", "f1")):
        assert [result["per_label"][name][key] for name in LABELS] == pytest.approx(list(expected[i]))
        assert result[key] == pytest.approx(expected[i].mean())


@pytest.mark.parametrize(
    ("num_right", "num_rows", "expected"),
    [(0, 10, [0.0, 0.2775]), (10, 10, [0.7225, 1.0]), (81, 263, [0.2553, 0.3662])],  # Newcombe 1998, tables I and II
)
def test_wilson_intervals(num_right, num_rows, expected):
    assert compute_wilson_interval(num_right, num_rows) == pytest.approx(expected, abs=1e-4)


def test_published_confusion_matrix_gives_published_accuracy():
    # The project page of `packed-lstm-glove`: 10,685 / 1,815 / 2,066 / 10,434 and 84.48 %.
    metrics = build_metric(["neg", "pos"])
    cells = {(0, 0): 10_685, (0, 1): 1_815, (1, 0): 2_066, (1, 1): 10_434}
    for (reference, prediction), count in cells.items():
        metrics.add_batch(predictions=[prediction] * count, references=[reference] * count)
    references, predictions = np.repeat(np.array(list(cells)), list(cells.values()), axis=0).T
    result = measure_decided(predictions, references, ["neg", "pos"])
    assert metrics.compute() == result
    assert result["num_rows"] == 25_000
    assert round(100 * result["accuracy"], 2) == 84.48


def test_figures_of_many_labels_grow_with_their_number_and_not_with_its_square():
    sizes = {num: len(encode_json(to_json(make_metrics([f"label {i}" for i in range(num)])))) for num in (1_000, 3_000)}
    assert sizes[1_000] < 300_000
    assert sizes[3_000] < 3.1 * sizes[1_000]
    assert len(make_metrics([f"label {i}" for i in range(100)]).confusion_matrix.rows) == 100


def test_of_many_labels_the_most_frequent_and_the_worst_are_shown():
    names = [f"label {i}" for i in range(60)]
    labels = np.repeat(np.arange(59), np.arange(60, 1, -1))  # the first label has 60 rows, the last one none
    answers = np.where(np.isin(labels, (40, 58)), 0, labels)
    figures = measure_logits(torch.eye(60)[torch.from_numpy(answers)], labels, make_config(names))
    selected = list(figures.select_labels())
    assert selected[:12] == [*names[:10], "label 40", "label 58"]
    assert len(selected) == 20
    assert "label 59" not in selected  # it has no rows
    assert figures.describe_selection("`results.json`").startswith("Of 60 labels, these are the 10 with the most rows")
