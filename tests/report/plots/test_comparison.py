from report_records import make_epoch, make_measurement, make_metrics

from hf_lstm.report.plots.comparison import draw_comparison

EPOCHS = [make_epoch(i, train=(1 / i, 0.5), validation=(1.5 / i, 0.4 + i / 10)) for i in (1, 2, 3)]


def read_ticks(axis):
    return [text.get_text() for text in axis.get_ticklabels()]


def test_a_comparison_names_each_run_even_where_names_are_alike():
    reports = [make_measurement(make_metrics(["a", "b"]), epochs) for epochs in (EPOCHS, [])]
    left, right = draw_comparison(["run", "run"], reports).axes
    assert read_ticks(left.yaxis) == ["run", "run"]
    assert [len(line.get_xdata()) for line in right.lines] == [3, 0]
    assert all(tick.endswith(" %") for tick in read_ticks(right.yaxis))
