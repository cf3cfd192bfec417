import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_model import build_model

from hf_lstm.demo.batch_tab import NO_KNOWN_WORD, build_table, classify_rows, count_shares, read_upload, write_csv

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "＝1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(text):
    (_, row) = csv.reader(io.StringIO(write_csv([(text, text, 0.5)]), newline=""))
    assert row == [f"'{text}", f"'{text}", "0.5"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_any_other_text_is_read_as_it_was(texts):
    rows = list(csv.reader(io.StringIO(write_csv((text, "pos", None) for text in texts), newline="")))
    assert rows[0] == ["text", "label", "score"]
    for text, row in zip(texts, rows[1:], strict=True):
        assert row[0] in (text, f"'{text}")
        assert not row[0].lstrip(" \n").startswith(tuple("=+-@\t\r"))
        assert row[1:] == ["pos", ""]


def test_texts_without_a_known_word_get_no_label():
    model = build_model()
    rows = classify_rows(model, ["a film", "xyzzy", ""])
    assert [text for text, _, _ in rows] == ["a film", "xyzzy", ""]
    assert rows[0][1:] == (model.predict("a film")["label"], round(model.predict("a film")["score"], 4))
    assert [row[1:] for row in rows[1:]] == [(NO_KNOWN_WORD, None)] * 2


def test_a_missing_label_is_no_headline():
    rows = [("a", "pos", 0.75), ("b", "pos", 0.9999), ("c", "neg", 0.5), ("d", NO_KNOWN_WORD, None)]
    assert count_shares(rows) == {"pos": 2 / 3, "neg": 1 / 3}
    assert count_shares(rows[3:]) == {}
    table = build_table(rows)
    assert [row[2] for row in table["data"]] == [0.75, 0.9999, 0.5, None]
    shown = [row[2].replace("\N{NO-BREAK SPACE}", " ") for row in table["metadata"]["display_value"]]
    assert shown == ["75.0 %", ">99.9 %", "50.0 %", ""]


def test_blank_lines_of_a_file_are_no_texts(tmp_path):
    (tmp_path / "a.txt").write_text("a film\n\n \nxyzzy\n")
    assert read_upload(tmp_path / "a.txt", None) == ["a film", "xyzzy"]
