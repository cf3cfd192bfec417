import importlib.util

import numpy as np
import pytest

from hf_lstm.calibration import compute_calibration
from hf_lstm.errors import InputError
from hf_lstm.metrics import ClassificationMetrics
from hf_lstm.report import (
    draw_confusion_matrix,
    draw_reliability,
    find_mistakes,
    format_report,
    require_matplotlib,
    save_figure,
)


def make_rows(num_rows, num_labels, seed=0):
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.ones(num_labels), num_rows).astype(np.float32)
    return probabilities, random.integers(0, num_labels, num_rows)


def make_metrics(names, num_rows=500):
    probabilities, labels = make_rows(num_rows, len(names))
    metrics = ClassificationMetrics(names)
    metrics.add_batch(predictions=probabilities.argmax(axis=1), references=labels)
    return {"loss": 1.0, **metrics.compute(), "calibration": compute_calibration(probabilities, labels)}


def test_mistakes_come_in_the_order_of_their_confidence():
    probabilities = np.array([[0.6, 0.4], [0.1, 0.9], [0.2, 0.8], [0.7, 0.3]], dtype=np.float32)
    labels = np.array([1, 0, 1, 1])
    assert find_mistakes(probabilities, labels, max_rows=10).tolist() == [1, 3, 0]
    assert find_mistakes(probabilities, labels, max_rows=2).tolist() == [1, 3]
    assert find_mistakes(probabilities, probabilities.argmax(axis=1), max_rows=10).tolist() == []


def test_report_shows_the_figures_in_aligned_columns():
    metrics = make_metrics(["neg", "a longer label", "pos"], num_rows=12_345)
    report = format_report(metrics)
    assert f"{100 * metrics['accuracy']:.2f} %" in report
    assert "12,345" in report
    for name, row in zip(metrics["confusion_matrix"]["labels"], metrics["confusion_matrix"]["rows"], strict=True):
        assert [name, *(f"{count:,}" for count in row)] in [line.rsplit(maxsplit=3) for line in report.splitlines()]
    tables = report.split("\n\n")[1:]
    assert all(len({len(line) for line in table.splitlines()}) == 1 for table in tables)


@pytest.mark.parametrize("num_labels", [2, 30])
def test_plots_show_every_label_and_are_written(tmp_path, num_labels):
    metrics = make_metrics([f"label {i}" for i in range(num_labels)])
    figure = draw_confusion_matrix(metrics)
    ticks = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert ticks == metrics["confusion_matrix"]["labels"]
    cells = [text.get_text().split("\n")[0] for text in figure.axes[0].texts]
    counts = [f"{count:,}" for row in metrics["confusion_matrix"]["rows"] for count in row]
    assert cells == (counts if num_labels <= 20 else [])
    for name, drawn in (("confusion_matrix", figure), ("reliability", draw_reliability(metrics["calibration"]))):
        save_figure(drawn, tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_missing_matplotlib_is_said_beforehand(monkeypatch):
    require_matplotlib()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install"):
        require_matplotlib()
