import json
import os
import re
from dataclasses import replace

import pytest
import torch
from datasets import ClassLabel, Dataset, Features, Value
from report_records import make_epoch, make_mistaken_labels
from run_records import make_results, parse_results

from hf_lstm.edit_mark import is_unedited
from hf_lstm.evaluation.scoring import analyze_split, measure_split, score_split
from hf_lstm.markdown import format_cell
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.records.reading import read_record
from hf_lstm.records.report import Analysis, Measurement, Mistake, TrickyReview
from hf_lstm.report.comparison import format_comparison, write_comparison
from hf_lstm.report.mistakes import format_mistakes
from hf_lstm.report.page import format_page
from hf_lstm.report.summary import format_summary
from hf_lstm.report.writer import write_report

PLOTS = {"confusion_matrix.png", "reliability.png", "accuracy_by_length.png", "learning_curves.png"}
FILES = {"report.md", "metrics.json", "mistakes.md", "errors.jsonl"}
EPOCH = make_epoch(1, train=(0.5, 0.75), validation=(0.5, 0.75))
RESULTS = replace(parse_results(make_results()), epochs=[EPOCH], best_epoch=1, elapsed_s=12.3)
TEXTS = ["a great film", "a dull | *film* <b>", "the worst\nacting", "great fun", "a waste<br />of time"]


@pytest.fixture
def make_report(tiny_model):
    """Return a function that measures and analyzes the tiny model on a few rows, with labels of that many names."""

    def make(names=("neg", "pos"), texts=TEXTS, title="model", temperature=2.0):
        torch.manual_seed(1)
        config = replace(tiny_model.config, id2label=dict(enumerate(names)), temperature=temperature)
        model = LSTMSentiment(config, tiny_model.tokenizer).eval()
        labels = [i % len(names) for i in range(len(texts))]
        features = Features({"text": Value("string"), "label": ClassLabel(names=list(names))})
        rows = Dataset.from_dict({"text": texts, "label": labels}, features=features)
        split = score_split(model, "test", rows, torch.float32)
        measurement = measure_split(
            model,
            split,
            title=title,
            source="reviews.csv",
            precision="float32",
            is_own_data=title != "third",
            results=RESULTS,
        )
        return measurement, analyze_split(model, split, {"train": {texts[0]}}, "float32")

    return make


@pytest.mark.parametrize("names", [("neg", "pos"), ("glad", "sad", "so-so")])
def test_a_report_is_a_page_figures_mistakes_and_plots(make_report, tmp_path, names):
    write_report(tmp_path, *make_report(names))
    assert set(os.listdir(tmp_path)) == FILES | PLOTS
    page = (tmp_path / "report.md").read_text()
    assert set(re.findall(r"\]\((\w+\.png)\)", page)) == PLOTS
    assert "1 rows removed" in page
    assert is_unedited(page)
    assert "Tricky reviews" not in page  # reviews of films: the data are others
    assert not any(text in (tmp_path / name).read_text() for text in TEXTS for name in ("report.md", "metrics.json"))

    metrics = json.loads((tmp_path / "metrics.json").read_text())
    errors = [json.loads(line) for line in (tmp_path / "errors.jsonl").read_text().splitlines()]
    num_wrong = round(len(TEXTS) * (1 - metrics["metrics"]["accuracy"]))
    assert sum(pair["num_rows"] for pair in metrics["mistakes"]) == num_wrong == len(errors)
    assert [error["score"] for error in errors] == sorted((error["score"] for error in errors), reverse=True)
    for error in errors:
        assert error["text"] == TEXTS[error["row"]]
        assert error["label"] != error["predicted"]
        assert all(error["text"][word["start"] : word["end"]] == word["word"] for word in error["words"])


def test_tricky_reviews_are_shown_of_models_of_film_reviews(make_report):
    measurement, analysis = make_report()
    review = TrickyReview(text="Not bad.", label="negative", positive_probability=0.2, is_right=True)
    analysis = replace(analysis, tricky_reviews=[review])
    assert "## Tricky reviews" in format_page(replace(measurement, dataset="sample"), analysis, has_plots=True)
    assert "## Tricky reviews" not in format_page(measurement, analysis, has_plots=True)


def test_the_files_of_a_report_read_back_as_its_records(make_report, tmp_path):
    measurement, analysis = make_report()
    write_report(tmp_path, measurement, analysis)
    figures = json.loads((tmp_path / "metrics.json").read_text())
    assert read_record(Measurement, figures, "metrics.json") == measurement
    counted = [replace(pair, most_confident=[]) for pair in analysis.mistakes]
    assert read_record(Analysis, figures, "metrics.json") == replace(analysis, mistakes=counted)
    assert [list(pair) for pair in figures["mistakes"]] == [["label", "predicted", "num_rows"]] * len(counted)
    lines = (tmp_path / "errors.jsonl").read_text().splitlines()
    mistakes = [mistake for pair in analysis.mistakes for mistake in pair.most_confident]
    assert [read_record(Mistake, json.loads(line), "errors.jsonl") for line in lines] == sorted(
        mistakes, key=lambda mistake: -mistake.score
    )


def test_every_table_of_the_page_has_as_many_cells_in_each_row(make_report, tmp_path):
    write_report(tmp_path, *make_report())
    tables = re.findall(r"(?:^\|.*\n)+", (tmp_path / "report.md").read_text(), re.MULTILINE)
    assert len(tables) >= 4
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_without_matplotlib_the_page_says_so_and_has_tables(make_report, tmp_path, monkeypatch):
    monkeypatch.setattr("hf_lstm.report.writer.can_draw", lambda: False)
    write_report(tmp_path, *make_report())
    assert set(os.listdir(tmp_path)) == FILES
    page = (tmp_path / "report.md").read_text()
    assert "pip install 'hf-lstm[train]'" in page
    assert "true \\ predicted" in page
    assert ".png" not in page


def test_a_report_in_the_place_of_another_leaves_none_of_its_plots(make_report, tmp_path):
    measurement, analysis = make_report()
    write_report(tmp_path, measurement, analysis)
    (tmp_path / "mine.png").touch()
    write_report(tmp_path, replace(measurement, epochs=[]), analysis)
    assert set(os.listdir(tmp_path)) == (FILES | PLOTS | {"mine.png"}) - {"learning_curves.png"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"split": "test"}, "on cpu. All figures"),
        ({"split": "validation"}, "were chosen by these rows. All"),
        ({"split": "train"}, "was trained on these rows. All"),
        ({"is_own_data": False}, "some of these rows is not known. All"),
    ],
)
def test_the_page_says_what_the_model_knows_of_the_rows_and_how_calibration_is_measured(make_report, changes, expected):
    measurement, analysis = make_report()
    page = format_page(replace(measurement, **changes), analysis, has_plots=True)
    assert expected in page
    assert "in 10 bins of equal width from 50.00 % to 100 %." in page


def test_the_summary_of_many_labels_has_no_matrix(make_report):
    few, many = (make_report(names)[0] for names in (("neg", "pos"), [f"label {i}" for i in range(21)]))
    assert "true \\ predicted" in format_summary(few)
    assert "true \\ predicted" not in format_summary(many)


def test_the_summary_shows_the_figures_in_aligned_columns(make_report):
    measurement, _ = make_report()
    summary = format_summary(measurement)
    assert f"accuracy           {100 * measurement.metrics.accuracy:.2f} %" in summary
    assert f"{measurement.metrics.calibrated_loss:.4f}" in summary
    tables = summary.split("\n\n")[1:]
    assert all(len({len(line) for line in table.splitlines()}) == 1 for table in tables)


def test_mistakes_of_two_labels_are_false_positives_and_negatives():
    text = "One of the<br />worst films that I ever liked | a lot"
    word = ("worst", 1.234)
    pair = make_mistaken_labels("pos", "neg", num_rows=7, row=3, score=0.99999, text=text, word=word)
    page = "\n".join(format_mistakes([pair], ["neg", "pos"]))
    assert "## False negatives: pos taken for neg, 7 rows" in page
    assert "| worst +1.23 | One of the **worst** films that I ever liked \\| a lot | 3 | > 99.99 % |" in page
    assert "## pos taken for neg, 7 rows" in "\n".join(format_mistakes([pair], ["neg", "pos", "so-so"]))


def test_words_of_a_thousand_characters_are_cut():
    text, word = f"film {'-' * 1000} end", ("-" * 1000, 1.0)
    pair = make_mistaken_labels("a", "b", num_rows=1, row=0, score=0.9, text=text, word=word)
    page = "\n".join(format_mistakes([pair], ["a", "b"]))
    assert f"| \\{'-' * 39}… +1.00 |" in page
    assert max(map(len, page.splitlines())) < 400


@pytest.mark.parametrize("text", ["a|b", "*a*", "<img src=x>", "[a](b)", "`a`", "a\nb", "\\|", "$x$"])
def test_cells_hold_what_they_are_given_as_plain_text(text):
    cell = format_cell(text)
    assert "\n" not in cell
    assert re.sub(r"\\(.)", "", cell).strip("|*[]`<$_~") == re.sub(r"\\(.)", "", cell)


def test_models_are_compared_and_other_rows_flagged(make_report, tmp_path):
    reports = [make_report(title="first")[0], make_report(title="second", temperature=1.0)[0]]
    assert format_comparison(reports).endswith("\n\nAll were measured on the same 5 rows.")
    reports.append(make_report(title="third", texts=TEXTS[:4])[0])
    write_comparison(tmp_path, reports)
    assert set(os.listdir(tmp_path)) == {"comparison.md", "comparison.json", "comparison.png"}
    page = (tmp_path / "comparison.md").read_text()
    assert "| third \\* | 4 |" in page
    assert "not comparable: third." in page
    assert "train has some of these rows: third." in page
    runs = json.loads((tmp_path / "comparison.json").read_text())["models"]
    assert [run["has_rows_of_first"] for run in runs] == [True, True, False]
    assert runs[0]["metrics"]["loss"] == pytest.approx(runs[1]["metrics"]["loss"])
    assert runs[1]["metrics"]["calibrated_loss"] == runs[1]["metrics"]["loss"]


def test_a_baseline_is_shown_beside_the_model_on_just_its_rows(make_report, monkeypatch):
    measurement, analysis = make_report()
    figures = {
        "split_sha256": measurement.split_sha256, "num_rows": 5, "accuracy": 0.8, "accuracy_interval": [0.4, 0.96],
        "only_model_right": 0, "only_baseline_right": 2, "lead": -0.4, "lead_interval": [-0.7, -0.1],
    }  # fmt: skip
    other = {**figures, "split_sha256": "00" * 32, "accuracy": 0.3}
    baseline = {
        "name": "TF-IDF", "library": "scikit-learn 1.9.1", "settings": {}, "num_train_rows": 9, "num_features": 9,
        "elapsed_s": 1.0, "splits": {"validation": other, "test": figures},
    }  # fmt: skip
    results = parse_results({**make_results(), "baselines": [baseline]})
    monkeypatch.setitem(globals(), "RESULTS", results)
    with_it, _ = make_report()
    assert with_it.baselines == {"TF-IDF": results.baselines[0].splits["test"]}
    line = "this model loses to it by 40.0 points (95 % interval 10.0 to 70.0)"
    assert f"| TF-IDF on the same rows | 80.00 % | {line} |" in format_page(with_it, analysis, has_plots=False)
    assert f"TF-IDF 80.00 %; {line}" in format_summary(with_it)
    other_rows, _ = make_report(texts=["other", "rows"])
    assert other_rows.baselines == {}


def test_rows_to_know_of_are_listed(make_report):
    measurement, analysis = make_report(texts=["", "a film", " ", "great"])
    assert measurement.findings.empty_texts == {"test": 2}
    assert "\n\nRows to know of:\n\n- 2 texts of test are empty.\n\n" in format_page(
        measurement, analysis, has_plots=True
    )
    assert "Rows to know of" not in format_page(*make_report(), has_plots=True)


def test_the_rows_to_know_of_are_those_of_all_splits_of_the_run(make_report, monkeypatch):
    record = make_results()
    record["dataset"]["findings"] = {"empty_texts": {"train": 3}}
    monkeypatch.setitem(globals(), "RESULTS", parse_results(record))
    assert "- 3 texts of train are empty." in format_page(*make_report(), has_plots=True)


def test_the_report_of_a_thousand_labels_is_short_and_has_no_matrix(make_report, tmp_path):
    measurement, analysis = make_report([f"label {i}" for i in range(1_000)])
    write_report(tmp_path, measurement, analysis)
    assert set(os.listdir(tmp_path)) == (FILES | PLOTS) - {"confusion_matrix.png"}
    page = (tmp_path / "report.md").read_text()
    assert "Of 1,000 labels, these are the 10 with the most rows" in page
    assert "left out of more than 100 labels" in page
    assert len(page.splitlines()) < 120
    assert len(format_summary(measurement).splitlines()) < 40
    assert (tmp_path / "metrics.json").stat().st_size < 200_000


def test_the_share_of_unknown_tokens_is_told(make_report, tmp_path):
    measurement, analysis = make_report(texts=["a great film", "qqq"])  # the model knows none of the last one's
    assert measurement.metrics.unknown_tokens == pytest.approx(1 / 4)
    assert "| unknown tokens | 25.00 % |" in format_page(measurement, analysis, has_plots=False)
    write_report(tmp_path, measurement, analysis)
    read = read_record(Measurement, json.loads((tmp_path / "metrics.json").read_text()), "metrics.json")
    assert read.metrics.unknown_tokens == measurement.metrics.unknown_tokens
