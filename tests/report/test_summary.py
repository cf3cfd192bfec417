from report_records import make_measurement, make_metrics

from hf_lstm.report.summary import format_summary


def test_a_label_stays_in_its_row():
    plain, odd = (format_summary(make_measurement(make_metrics(names))) for names in (["a b", "c"], ["a\nb", "c"]))
    assert odd == plain
