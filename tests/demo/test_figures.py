"""What the demo's model tab shows, and leaves out."""

import json

import pytest
from local_hub import WRITE_TOKEN
from random_model import build_model

from hf_lstm.demo.app import build_demo
from hf_lstm.demo.figures import (
    MAX_MISTAKES,
    find_report_folder,
    list_confusions,
    list_label_figures,
    list_mistakes,
    read_or_leave_out,
)
from hf_lstm.demo.model_tab import SPLIT_COLORS, describe_model
from hf_lstm.demo.tables import format_share
from hf_lstm.hub.push import push_model_folder

LABEL = {"precision": 0.5, "recall": 0.25, "f1": 1 / 3, "support": 4}
TEST = {
    "accuracy": 0.8693,
    "accuracy_interval": [0.865, 0.873],
    "calibrated_expected_calibration_error": 0.0123,
    "num_rows": 25_000,
    "per_label": {"neg": LABEL, "pos": LABEL},
    "confusion_matrix": {"labels": ["neg", "pos"], "rows": [[1, 3], [2, 2]]},
}
EPOCHS = [{"epoch": 1, "train": {"loss": 0.5, "accuracy": 0.7}, "validation": {"loss": 0.4, "accuracy": 0.8}}]


def test_the_description_says_what_was_measured():
    model = build_model()
    assert "test texts" not in describe_model(model, None)
    assert "huggingface.co" not in describe_model(model, None)
    assert "[model card](https://huggingface.co/org/imdb-lstm)" in describe_model(model, "org/imdb-lstm")
    model.results = {"splits": {"test": TEST}}
    description = describe_model(model, None).replace("\N{NO-BREAK SPACE}", " ")
    assert "**86.9 %** of 25,000 test texts right (95 % interval 86.5 to 87.3 %)" in description
    assert "off by 1.2 points" in describe_model(model, None)


@pytest.mark.parametrize("accuracy", ["<script>", None, [], {}])
def test_what_is_no_figure_is_left_out(accuracy):
    model = build_model()
    model.results = {"splits": {"test": {**TEST, "accuracy": accuracy}}, "epochs": 5}
    assert "script" not in describe_model(model, None)
    build_demo(model)


def test_tables_have_a_row_for_each_label():
    results = {"splits": {"test": TEST}}
    assert list_label_figures(results) == [["neg", 0.5, 0.25, 0.3333, 4], ["pos", 0.5, 0.25, 0.3333, 4]]
    assert list_confusions(results) == (["true label", "answered neg", "answered pos"], [["neg", 1, 3], ["pos", 2, 2]])
    for missing in (None, {}, {"splits": []}, {"splits": {"test": {"per_label": {"neg": {}}}}}):
        assert read_or_leave_out(list_label_figures, missing) is None


def test_mistakes_are_shown_as_far_as_they_can_be_read(tmp_path):
    assert list_mistakes(None) == list_mistakes(tmp_path) == []
    mistake = {"row": 1, "label": "neg", "predicted": "pos", "score": 0.99, "text": "a<br />film " * 100}
    lines = [json.dumps({**mistake, "words": [{"word": "film", "contribution": 2}]})] * (MAX_MISTAKES + 5)
    (tmp_path / "errors.jsonl").write_text("\n".join(lines))
    mistakes = list_mistakes(tmp_path)
    assert len(mistakes) == MAX_MISTAKES
    assert mistakes[0][:4] == ["neg", "pos", 0.99, "film"]
    assert mistakes[0][4].startswith("a film a film")
    assert mistakes[0][4].endswith("…")
    (tmp_path / "errors.jsonl").write_text("[]\n")
    assert list_mistakes(tmp_path) == []


def test_a_report_is_fetched_from_the_hub_if_it_is_there(hub, tmp_path):
    assert find_report_folder(str(tmp_path)) == tmp_path / "report"
    assert find_report_folder("org/nothing") is None
    model = build_model()
    model.save_pretrained(tmp_path)
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "errors.jsonl").write_text("{}\n")
    push_model_folder(tmp_path, "me/with-report", token=WRITE_TOKEN)
    folder = find_report_folder("me/with-report")
    assert (folder / "errors.jsonl").read_text() == "{}\n"


@pytest.mark.parametrize("labels", [["neg", "pos"], ["1", "2", "3", "4", "5"], [f"<b>{i}</b>" for i in range(60)]])
def test_any_labels_make_a_page(labels, tmp_path):
    model = build_model(labels)
    model.results = {"splits": {"test": TEST}, "epochs": EPOCHS}
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


@pytest.mark.parametrize(
    ("share", "expected"), [(0, "0.0 %"), (0.8693, "86.9 %"), (0.9994, "99.9 %"), (0.99951, ">99.9 %"), (1, "100.0 %")]
)
def test_shares_are_percent_that_no_line_breaks(share, expected):
    assert format_share(share) == expected.replace(" ", "\N{NO-BREAK SPACE}")
