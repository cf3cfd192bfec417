import dataclasses

import pytest
from report_records import make_metrics

from hf_lstm.report.plots.confusion_matrix import draw_confusion_matrix


def read_ticks(axis):
    return [text.get_text() for text in axis.get_ticklabels()]


@pytest.mark.parametrize("num_labels", [2, 20, 30])
def test_confusion_matrices_show_every_label(num_labels):
    metrics = make_metrics([f"label {i}" for i in range(num_labels)])
    (axes, _) = draw_confusion_matrix(metrics).axes
    assert read_ticks(axes.yaxis) == read_ticks(axes.xaxis) == metrics.confusion_matrix.labels
    cells = [text.get_text().split("\n")[0] for text in axes.texts]
    counts = [count for row in metrics.confusion_matrix.rows for count in row]
    shown = {2: counts, 20: [count for count in counts if count]}.get(num_labels, [])  # among many, zeros are left out
    assert cells == [f"{count:,}" for count in shown]


def test_counts_are_read_on_every_blue():
    metrics = make_metrics(["a", "b"])
    rows = [[95, 5], [45, 55]]
    metrics = dataclasses.replace(metrics, confusion_matrix=dataclasses.replace(metrics.confusion_matrix, rows=rows))
    colors = [text.get_color() for text in draw_confusion_matrix(metrics).axes[0].texts]
    assert colors == ["white", "black", "black", "black"]
