import numpy as np
import pytest
from report_records import make_epoch

from hf_lstm.evaluation.error_analysis import measure_by_length
from hf_lstm.report.plots.accuracy_by_length import draw_accuracy_by_length
from hf_lstm.report.plots.canvas import build_percent_formatter, limit_to_shares, make_figure, save_figure
from hf_lstm.report.plots.learning_curves import draw_learning_curves

EPOCHS = [make_epoch(i, train=(1 / i, 0.5), validation=(1.5 / i, 0.4 + i / 10)) for i in (1, 2, 3)]


def test_plots_are_written_as_png_on_white(tmp_path):
    groups = measure_by_length(["a b", "a", "a b c d"], np.array([True, False, True]))
    for name, figure in (("length", draw_accuracy_by_length(groups, 0.7)), ("curves", draw_learning_curves(EPOCHS, 1))):
        save_figure(figure, tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("ticks", "expected"),
    [
        ([0.94, 0.96, 1.0], ["94 %", "96 %", "100 %"]),
        ([0.0, 0.025, 0.05], ["0.0 %", "2.5 %", "5.0 %"]),
        ([0.1, 0.2, 0.1 + 0.2], ["10 %", "20 %", "30 %"]),
    ],
)
def test_percents_have_as_many_decimals_as_the_ticks_need(ticks, expected):
    axes = make_figure(4, 4).add_subplot()
    axes.set_yticks(ticks)
    axes.yaxis.set_major_formatter(build_percent_formatter())
    assert [label.get_text() for label in axes.get_yticklabels()] == expected


def test_shares_end_at_all_and_what_lies_there_is_drawn_whole():
    axes = make_figure(4, 4).add_subplot()
    axes.plot([1, 2], [1.0, 1.0], marker="o")
    limit_to_shares(axes)
    assert axes.get_ylim()[1] == 1
    assert not axes.lines[0].get_clip_on()
