import numpy as np
import pytest

from hf_lstm.evaluation.error_analysis import measure_by_length
from hf_lstm.report.plots.accuracy_by_length import draw_accuracy_by_length


def test_each_group_has_its_accuracy_and_a_line_shows_that_of_all():
    groups = measure_by_length(["a b", "a", "a b c d"], np.array([True, False, True]))
    (axes,) = draw_accuracy_by_length(groups, 0.7).axes
    points, line = axes.lines[0], axes.lines[-1]
    assert points.get_ydata().tolist() == [group.accuracy for group in groups]
    assert line.get_ydata() == pytest.approx([0.7, 0.7])
    assert [text.get_text() for text in axes.get_xticklabels()] == ["1", "2\nto 4"]
    assert axes.get_xlim() == (-0.5, 1.5)
