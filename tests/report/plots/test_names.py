from report_records import make_measurement, make_metrics

from hf_lstm.report.plots.canvas import save_figure
from hf_lstm.report.plots.comparison import draw_comparison
from hf_lstm.report.plots.confusion_matrix import draw_confusion_matrix
from hf_lstm.report.plots.fonts import find_font_families
from hf_lstm.report.plots.names import shorten, shorten_names


def read_ticks(axis):
    return [text.get_text() for text in axis.get_ticklabels()]


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
