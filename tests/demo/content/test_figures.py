"""What the demo's model tab shows, and leaves out."""

import json

import pytest
from local_hub import WRITE_TOKEN
from random_model import build_model
from run_records import make_results, parse_results

from hf_lstm import LSTMSentiment
from hf_lstm.demo.app import build_demo
from hf_lstm.demo.content.figures import (
    MAX_MISTAKES,
    fetch_report_folder,
    format_bytes,
    format_milliseconds,
    format_share,
    list_confusions,
    list_facts,
    list_label_figures,
    list_mistakes,
    read_results,
)
from hf_lstm.demo.model_tab import SPLIT_COLORS, describe_model
from hf_lstm.hub.push import push_model_folder

SHOWN = {"neg": "bad", "pos": "good"}


def make_test_figures(**changes):
    results = make_results()
    results["splits"]["test"] |= {
        "num_rows": 25_000,
        "accuracy": 0.8693,
        "accuracy_interval": [0.865, 0.873],
        **changes,
    }
    return results


def load_with_results(folder, results, labels=("neg", "pos")):
    """A random model that was loaded from a folder with these results."""
    build_model(labels).save_pretrained(folder)
    (folder / "results.json").write_text(json.dumps(results))
    return LSTMSentiment.from_pretrained(folder)


def test_the_description_says_what_was_measured():
    model = build_model()
    assert "test texts" not in describe_model(model, None, None)
    assert "huggingface.co" not in describe_model(model, None, None)
    assert "[model card](https://huggingface.co/org/imdb-lstm)" in describe_model(model, None, "org/imdb-lstm")
    test = parse_results(make_test_figures()).splits["test"]
    description = describe_model(model, test, None).replace("\N{NO-BREAK SPACE}", " ")
    assert "**86.9 %** of 25,000 test texts right (95 % interval 86.5 to 87.3 %)" in description
    assert "off by 1.2 points" in description


@pytest.mark.parametrize("accuracy", ["<script>", None, [], {}])
def test_what_is_no_figure_is_left_out(tmp_path, accuracy):
    model = load_with_results(tmp_path, make_test_figures(accuracy=accuracy))
    assert read_results(model) is None
    assert "<script>" not in str(build_demo(model).get_config_file()["components"])


def test_tables_have_a_row_for_each_label():
    test = parse_results(make_test_figures()).splits["test"]
    assert list_label_figures(test, {}) == [[label, 0.9012, 0.8034, 0.8495, 1234] for label in ("neg", "pos")]
    header = ["true label", "answered “bad”", "answered “good”"]
    assert list_confusions(test, SHOWN) == (header, [["bad", 1000, 11], ["good", 10, 1001]])
    assert [row[0] for row in list_label_figures(test, SHOWN)] == ["bad", "good"]


def test_mistakes_are_shown_as_far_as_they_can_be_read(tmp_path):
    assert list_mistakes(None, {}) == list_mistakes(tmp_path, {}) == []
    mistake = {"row": 1, "label": "neg", "predicted": "pos", "score": 0.99, "text": "a<br />film " * 100}
    words = [{"word": word, "start": 0, "end": 1, "contribution": 2} for word in (".", "film", "the")]
    lines = [json.dumps({**mistake, "words": words})] * (MAX_MISTAKES + 5)
    (tmp_path / "errors.jsonl").write_text("\n".join(lines))
    mistakes = list_mistakes(tmp_path, SHOWN)
    assert len(mistakes) == MAX_MISTAKES
    assert mistakes[0][:4] == ["bad", "good", 0.99, "film"], "words that say nothing are left out"
    assert mistakes[0][4].startswith("a film a film")
    assert mistakes[0][4].endswith("…")
    (tmp_path / "errors.jsonl").write_text("[]\n")
    assert list_mistakes(tmp_path, {}) == []


def test_a_report_is_fetched_from_the_hub_if_it_is_there(hub, tmp_path):
    assert fetch_report_folder(str(tmp_path)) == tmp_path / "report"
    assert fetch_report_folder("org/nothing") is None
    model = build_model()
    model.save_pretrained(tmp_path)
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "errors.jsonl").write_text("{}\n")
    push_model_folder(tmp_path, "me/with-report", token=WRITE_TOKEN, publish_examples=True)
    folder = fetch_report_folder("me/with-report")
    assert (folder / "errors.jsonl").read_text() == "{}\n"


@pytest.mark.parametrize("labels", [["neg", "pos"], ["1", "2", "3", "4", "5"], [f"<b>{i}</b>" for i in range(60)]])
def test_any_labels_make_a_page(labels, tmp_path):
    model = load_with_results(tmp_path / "model", make_results(labels), labels)
    config = str(build_demo(model, report_folder=tmp_path).get_config_file()["components"])
    assert ("film" in config) is (len(labels) == 2)


def measure_luminance(color):
    """Return a color's relative luminance: WCAG 2.2."""
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("color", SPLIT_COLORS.values())
def test_curves_are_seen_on_light_and_dark_ground(color):
    luminance, slate_800 = measure_luminance(color) + 0.05, measure_luminance("#1e293b") + 0.05
    assert 1.05 / luminance >= 3
    assert luminance / slate_800 >= 3


def test_facts_are_those_of_the_served_model(tmp_path):
    model = load_with_results(tmp_path, make_test_figures())
    right, size, time = list_facts(model)
    assert right == ("86.9\N{NO-BREAK SPACE}%", "of 25,000 test texts right")
    assert size == (format_bytes(4 * model.num_parameters), f"of weights, {model.num_parameters:,} parameters")
    assert time.figure.endswith("\N{NO-BREAK SPACE}ms")
    assert len(list_facts(build_model())) == 2, "without results there is no accuracy"


def test_sizes_and_times_are_read_at_a_glance():
    shown = [format_bytes(900), format_bytes(5_473_492), format_milliseconds(0.53), format_milliseconds(34.6)]
    assert [each.replace("\N{NO-BREAK SPACE}", " ") for each in shown] == ["0.9 kB", "5.5 MB", "0.5 ms", "35 ms"]


@pytest.mark.parametrize(
    ("share", "expected"), [(0, "0.0 %"), (0.8693, "86.9 %"), (0.9994, "99.9 %"), (0.99951, ">99.9 %"), (1, "100.0 %")]
)
def test_shares_are_percent_that_no_line_breaks(share, expected):
    assert format_share(share) == expected.replace(" ", "\N{NO-BREAK SPACE}")
