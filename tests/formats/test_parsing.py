import csv
import json

import pytest

from hf_lstm.errors import InputError
from hf_lstm.formats.delimited import open_delimited
from hf_lstm.formats.json_rows import open_json
from hf_lstm.formats.row_files import Place


def read_delimited_rows(path, content):
    path.write_bytes(content.encode())
    with open_delimited(path) as file:
        return file.delimiter, file.columns, list(file.rows)


def read_json_rows(path):
    with open_json(path) as file:
        return file.columns, list(file.rows)


def test_rows_come_with_the_line_they_start_in(tmp_path):
    content = 'text,label\n\n"two\nlines",1\n\none,0\n'
    expected = [(3, ["two\nlines", "1"]), (6, ["one", "0"])]
    assert read_delimited_rows(tmp_path / "a.csv", content) == (",", ["text", "label"], expected)


@pytest.mark.parametrize(
    ("name", "header", "delimiter"),
    [
        ("a.csv", "text,label", ","),
        ("a.csv", "text;label", ";"),
        ("a.csv", "text\tlabel", "\t"),
        ("a.csv", "a;b,c", ","),
        ("a.tsv", "a,b\tc", "\t"),
        ("a.TSV", "text;label", ";"),
        ("a.tsv", "text", "\t"),
        ("a.csv", "sep=|\na,b|c", "|"),
    ],
)
def test_the_delimiter_is_what_the_header_holds(tmp_path, name, header, delimiter):
    found, fields, rows = read_delimited_rows(tmp_path / name, header + "\n")
    assert found == delimiter
    assert (fields, rows) == (header.splitlines()[-1].split(found), [])


def test_excel_may_name_the_separator_before_the_header(tmp_path):
    content = "\ufeffsep=;\r\ntext;label\r\na, b;pos\r\n"
    assert read_delimited_rows(tmp_path / "a.csv", content) == (";", ["text", "label"], [(3, ["a, b", "pos"])])


def test_fields_of_any_size_are_read_and_the_limit_of_others_stays(tmp_path):
    before = csv.field_size_limit()
    text = "long " * 200_000
    _, _, rows = read_delimited_rows(tmp_path / "a.csv", f"text,label\n{text},1\n")
    assert rows == [(2, [text, "1"])]
    assert csv.field_size_limit() == before


def test_an_empty_file_has_neither_columns_nor_rows(tmp_path):
    assert read_delimited_rows(tmp_path / "a.csv", "") == (",", [], [])


def test_rows_before_a_damaged_one_are_given(tmp_path):
    (tmp_path / "a.csv").write_text("text,label\ngood,1\nbad, really,0\n")
    with open_delimited(tmp_path / "a.csv") as file:
        assert next(file.rows) == (2, ["good", "1"])
        with pytest.raises(InputError, match=r"a.csv, row 2 \(line 3\): 3 fields, but the header has 2"):
            next(file.rows)


def test_objects_come_with_their_line_where_each_has_one(tmp_path):
    rows = [{"text": "a", "label": 0}, {"label": 1, "text": "b", "more": 2}]
    path = tmp_path / "a.json"
    path.write_text("\n\n".join(map(json.dumps, rows)))
    assert read_json_rows(path) == (["text", "label", "more"], [(1, ["a", 0]), (3, ["b", 1, 2])])
    path.write_text(json.dumps(rows, indent=1))
    assert read_json_rows(path) == (["text", "label", "more"], [(None, ["a", 0]), (None, ["b", 1, 2])])


def test_a_place_has_a_line_only_where_it_is_known(tmp_path):
    assert str(Place(tmp_path, 0, 2)) == f"{tmp_path}, row 1 (line 2)"
    assert str(Place(tmp_path, 0, None)) == f"{tmp_path}, row 1"
