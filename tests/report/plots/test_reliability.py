import itertools

import numpy as np
import pytest
from report_records import make_rows

from hf_lstm.evaluation.calibration import compute_calibration
from hf_lstm.report.plots.reliability import draw_reliability


def test_reliability_shows_each_calibration_with_its_error():
    calibration = compute_calibration(*make_rows(300, 2))
    figure = draw_reliability({"before": calibration, "after": calibration})
    assert len(figure.axes) == 4
    assert figure.axes[1].get_title() == f"after: error {100 * calibration.expected_calibration_error:.2f} %"
    heights = [bar.get_height() for bar in figure.axes[0].patches]
    assert heights == [each.accuracy for each in calibration.bins]


@pytest.mark.parametrize("num_diagrams", [1, 2])
def test_the_legend_of_reliability_is_within_the_picture(num_diagrams):
    calibration = compute_calibration(*make_rows(300, 3))
    figure = draw_reliability({str(number): calibration for number in range(num_diagrams)})
    figure.draw_without_rendering()
    box = figure.legends[0].get_window_extent()
    assert 0 <= box.x0 < box.x1 <= figure.bbox.x1
    assert box.y0 >= 0


@pytest.mark.parametrize(("num_labels", "sharpness"), [(2, 50), (2, 0.01), (3, 50), (20, 50), (20, 0.01)])
def test_reliability_has_the_whole_range_and_ticks_that_do_not_touch(num_labels, sharpness):
    logits = np.random.default_rng(0).normal(size=(60, num_labels)) * sharpness
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    sure, even = (
        compute_calibration(probabilities, probabilities.argmax(axis=1)),
        compute_calibration(*make_rows(60, num_labels)),
    )
    figure = draw_reliability({"sure": sure, "even": even})
    figure.draw_without_rendering()
    for axes in figure.axes:
        assert axes.get_xlim() == pytest.approx((1 / num_labels, 1))
        low, high = axes.get_xlim()
        for bar in axes.patches:
            assert low - 1e-9 <= bar.get_x() <= bar.get_x() + bar.get_width() <= high + 1e-9
    for axes in figure.axes[2:]:
        ticks = [label for label in axes.get_xticklabels() if axes.get_xlim()[0] <= label.get_position()[0] <= 1]
        boxes = [label.get_window_extent() for label in ticks]
        assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))
