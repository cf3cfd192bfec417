import numpy as np
from report_records import make_epoch

from hf_lstm.evaluation.error_analysis import measure_by_length
from hf_lstm.report.plots.accuracy_by_length import draw_accuracy_by_length
from hf_lstm.report.plots.canvas import save_figure
from hf_lstm.report.plots.learning_curves import draw_learning_curves

EPOCHS = [make_epoch(i, train=(1 / i, 0.5), validation=(1.5 / i, 0.4 + i / 10)) for i in (1, 2, 3)]


def test_plots_are_written_as_png_on_white(tmp_path):
    groups = measure_by_length(["a b", "a", "a b c d"], np.array([True, False, True]))
    for name, figure in (("length", draw_accuracy_by_length(groups, 0.7)), ("curves", draw_learning_curves(EPOCHS, 1))):
        save_figure(figure, tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
