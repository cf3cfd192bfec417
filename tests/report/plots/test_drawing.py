from report_records import make_epoch, make_metrics

from hf_lstm.report.plots.confusion_matrix import draw_confusion_matrix
from hf_lstm.report.plots.drawing import hash_drawing
from hf_lstm.report.plots.learning_curves import draw_learning_curves


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
