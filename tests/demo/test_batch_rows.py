import csv
import io

import gradio as gr
import pytest
from random_model import build_model
from run_records import make_config

from hf_lstm.demo.batch_rows import (
    MAX_SCORED_LABELS,
    NO_KNOWN_WORD,
    Row,
    Texts,
    build_table,
    classify_rows,
    count_shares,
    read_pasted_lines,
    read_upload,
    write_csv,
)


def read_csv(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def test_the_csv_keeps_all_columns_and_runs_no_formula(tmp_path):
    (tmp_path / "a.csv").write_text("id,text,label,=x\n007,a film,pos,=1+1\n008,xyzzy,neg,-5\n")
    table = read_upload(tmp_path / "a.csv", None)
    rows = classify_rows(build_model(), table.texts)
    header, *lines = read_csv(write_csv(table, rows, make_config(["neg", "pos"])))
    assert header == ["id", "text", "label", "'=x", "predicted_label", "score", "score_neg", "score_pos"]
    assert [line[:4] for line in lines] == [["007", "a film", "pos", "'=1+1"], ["008", "xyzzy", "neg", "-5"]]
    assert lines[0][4:] == [rows[0].label, *map(str, (rows[0].score, *rows[0].scores))]
    assert lines[1][4:] == [NO_KNOWN_WORD, "", "", ""]


def test_many_labels_have_no_column_each():
    names = [f"label {number}" for number in range(MAX_SCORED_LABELS + 1)]
    table, rows = Texts(["text"], ["a"], [["a"]]), [Row("a", names[0], 0.5, [0.5] * len(names))]
    assert read_csv(write_csv(table, rows, make_config(names))) == [["text", "label", "score"], ["a", names[0], "0.5"]]


def test_texts_without_a_known_word_get_no_label():
    model = build_model()
    rows = classify_rows(model, ["a film", "xyzzy", ""])
    assert [row.text for row in rows] == ["a film", "xyzzy", ""]
    assert rows[0][1:3] == (model.predict("a film")["label"], round(model.predict("a film")["score"], 4))
    assert rows[0].scores == [round(score, 4) for score in model.predict_proba("a film")[0].tolist()]
    assert [row[1:4] for row in rows[1:]] == [(NO_KNOWN_WORD, None, [None, None])] * 2


def test_a_missing_label_is_no_headline():
    answers = [("a", "pos", 0.75), ("b", "pos", 0.9999), ("c", "neg", 0.5), ("d", NO_KNOWN_WORD, None)]
    rows = [Row(*answer, []) for answer in answers]
    assert count_shares(rows) == {"pos": 2 / 3, "neg": 1 / 3}
    assert count_shares(rows[3:]) == {}
    table = build_table(rows)
    assert table["data"] == list(map(list, answers))
    shown = [row[2].replace("\N{NO-BREAK SPACE}", " ") for row in table["metadata"]["display_value"]]
    assert shown == ["75.0 %", ">99.9 %", "50.0 %", ""]


def test_blank_lines_are_no_texts(tmp_path):
    (tmp_path / "a.txt").write_text("a film\n\n \nxyzzy\n")
    expected = Texts(["text"], ["a film", "xyzzy"], [["a film"], ["xyzzy"]])
    assert read_upload(tmp_path / "a.txt", None) == expected == read_pasted_lines("a film\r\n\n \nxyzzy")


def test_pasted_lines_are_limited_together():
    line = "x" * 9_999
    assert len(read_pasted_lines("\n".join([line] * 25)).texts) == 25
    with pytest.raises(gr.Error, match="Up to 250,000 characters can be pasted"):
        read_pasted_lines("\n".join([line] * 26))


def test_the_column_of_training_comes_before_well_known_names(tmp_path):
    (tmp_path / "a.csv").write_text("text,body\none,two\n")
    assert read_upload(tmp_path / "a.csv", None, "body").texts == ["two"]
    assert read_upload(tmp_path / "a.csv", None, "opinion").texts == ["one"]
    assert read_upload(tmp_path / "a.csv", "text", "body").texts == ["one"]
