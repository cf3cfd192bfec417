import dataclasses
import itertools

import numpy as np
import pytest
from report_records import make_epoch, make_measurement, make_metrics, make_rows

from hf_lstm.evaluation.calibration import compute_calibration
from hf_lstm.evaluation.error_analysis import measure_by_length
from hf_lstm.report.drawing import hash_drawing
from hf_lstm.report.fonts import find_font_families
from hf_lstm.report.plots import (
    draw_accuracy_by_length,
    draw_comparison,
    draw_confusion_matrix,
    draw_learning_curves,
    draw_reliability,
    save_figure,
    shorten,
    shorten_names,
)

EPOCHS = [make_epoch(i, train=(1 / i, 0.5), validation=(1.5 / i, 0.4 + i / 10)) for i in (1, 2, 3)]


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


def test_learning_curves_show_both_splits_and_the_epoch_kept():
    loss, accuracy = draw_learning_curves(EPOCHS, 2).axes
    assert [line.get_ydata()[0] for line in loss.lines[:2]] == [1, 1.5]
    assert accuracy.lines[1].get_ydata().tolist() == pytest.approx([0.5, 0.6, 0.7])
    assert set(loss.lines[2].get_xdata()) == {2}


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


def test_counts_are_read_on_every_blue():
    metrics = make_metrics(["a", "b"])
    rows = [[95, 5], [45, 55]]
    metrics = dataclasses.replace(metrics, confusion_matrix=dataclasses.replace(metrics.confusion_matrix, rows=rows))
    colors = [text.get_color() for text in draw_confusion_matrix(metrics).axes[0].texts]
    assert colors == ["white", "black", "black", "black"]


def test_a_single_epoch_has_a_whole_number():
    axes = draw_learning_curves(EPOCHS[:1], 1).axes[0]
    assert [tick for tick in axes.get_xticks() if tick != int(tick)] == []


def test_a_comparison_names_each_run_even_where_names_are_alike():
    reports = [make_measurement(make_metrics(["a", "b"]), epochs) for epochs in (EPOCHS, [])]
    left, right = draw_comparison(["run", "run"], reports).axes
    assert read_ticks(left.yaxis) == ["run", "run"]
    assert [len(line.get_xdata()) for line in right.lines] == [3, 0]
    assert all(tick.endswith(" %") for tick in read_ticks(right.yaxis))


def test_long_names_keep_both_ends_and_short_ones_are_whole():
    names = [f"packed-lstm-glove-frozen-seed{seed} *" for seed in range(3)]
    reports = [make_measurement(make_metrics(["a", "b"]))] * 3
    assert read_ticks(draw_comparison(names, reports).axes[0].yaxis) == names
    assert shorten("abcdefghij", 5) == "ab…ij"
    assert shorten("abcde", 5) == "abcde"


def test_shortened_names_still_differ():
    assert shorten_names(["abXcd", "abYcd", "e"], 3) == ["abXcd", "abYcd", "e"]
    assert shorten_names(["abcde", "fghij"], 3) == ["a…e", "f…j"]
    same = ["ab" + "x" * index + "cd" for index in range(5, 8)]
    assert shorten_names([*same, "abcdeXX"], 3) == ["a…d (1)", "a…d (2)", "a…d (3)", "a…X"]
    names = [f"category {letter} of a long name" for letter in "ABCDE"]
    rows = make_metrics(names)
    assert len(set(read_ticks(draw_confusion_matrix(rows).axes[0].yaxis))) == 5


def test_dollar_signs_in_names_are_no_formulas(tmp_path):
    names = ["under $5 or $6", "$\\frac$"]
    metrics = make_metrics(names)
    save_figure(draw_confusion_matrix(metrics), tmp_path / "matrix.png")
    save_figure(draw_comparison(names, [make_measurement(metrics)] * 2), tmp_path / "comparison.png")


def test_names_are_drawn_with_fonts_that_have_their_characters(tmp_path, recwarn):
    names = ["neg", "\u24b6"]  # a letter in a circle, of which matplotlib's own font has none
    figure = draw_confusion_matrix(make_metrics(names))
    families = find_font_families(names)
    assert len(families) > len(find_font_families(["neg"]))
    for axis in (figure.axes[0].xaxis, figure.axes[0].yaxis):
        assert [text.get_fontfamily() for text in axis.get_ticklabels()] == [families, families]
    save_figure(figure, tmp_path / "circled.png")
    assert not recwarn.list


def test_plots_are_written_as_png_on_white(tmp_path):
    groups = measure_by_length(["a b", "a", "a b c d"], np.array([True, False, True]))
    for name, figure in (("length", draw_accuracy_by_length(groups, 0.7)), ("curves", draw_learning_curves(EPOCHS, 1))):
        save_figure(figure, tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_a_drawing_is_told_from_others_by_what_it_shows_alone():
    metrics = make_metrics(["neg", "pos"])
    epochs = [make_epoch(1, (0.5, 0.75), (0.5, 0.75)), make_epoch(2, (0.4, 0.8), (0.5, 0.75))]
    others = [make_metrics(["neg", "good"]), make_metrics(["neg", "pos"], num_rows=400)]
    hashes = {hash_drawing(draw_confusion_matrix(each)) for each in (metrics, *others)}
    hashes |= {hash_drawing(draw_learning_curves(epochs, best)) for best in (1, 2)}
    assert len(hashes) == 5
    figure = draw_confusion_matrix(metrics)
    figure.set_dpi(50)
    assert hash_drawing(figure) in hashes
