import pytest
from report_records import make_epoch

from hf_lstm.report.plots.learning_curves import MAX_MARKERS, draw_learning_curves

EPOCHS = [make_epoch(i, train=(1 / i, 0.5), validation=(1.5 / i, 0.4 + i / 10)) for i in (1, 2, 3)]


def test_learning_curves_show_both_splits_and_the_epoch_kept():
    loss, accuracy = draw_learning_curves(EPOCHS, 2).axes
    assert [line.get_ydata()[0] for line in loss.lines[:2]] == [1, 1.5]
    assert accuracy.lines[1].get_ydata().tolist() == pytest.approx([0.5, 0.6, 0.7])
    assert set(loss.lines[2].get_xdata()) == {2}


def test_a_single_epoch_has_a_whole_number():
    axes = draw_learning_curves(EPOCHS[:1], 1).axes[0]
    assert [tick for tick in axes.get_xticks() if tick != int(tick)] == []


def test_of_many_epochs_so_few_are_marked_that_the_line_is_seen():
    epochs = [make_epoch(i, train=(1, 0.5), validation=(1, 0.5)) for i in range(1, 61)]
    line = draw_learning_curves(epochs, 2).axes[0].lines[0]
    assert len(line.get_xdata()) == 60
    assert 60 / line.get_markevery() <= MAX_MARKERS
