"""Files that are read with all columns, and written with answers."""

import csv
import datetime
import decimal
import json
import math
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hf_lstm.answers.columns import Answers
from hf_lstm.answers.rows import list_texts, open_rows
from hf_lstm.answers.writers import check_output_type, list_values, open_output
from hf_lstm.errors import InputError, StorageError
from hf_lstm.rows.texts import read_texts
from hf_lstm.runtime import memory

NAMES = ["predicted_label", "score"]
TEXTS = ["plain", "", "NA", 'say "hi", twice', "two\nlines", "lone\rreturn", "tab\there", "ünï 😀 \u2028 ‏rtl", "<br />"]
# Python 3.10's csv module can't read NUL; half surrogates are no text and can't be written.
cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
SUFFIXES = [".csv", ".tsv", ".jsonl", ".parquet"]
few = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch):
    monkeypatch.setattr(memory, "WINDOW_TEXTS", 3)


def answer(window):
    return Answers(NAMES, [["pos"] * len(window.texts), [0.5] * len(window.texts)])


def write(rows, target, **options):
    with open_output(target, rows, NAMES, **options) as write_window:
        for window in rows.windows:
            write_window(window, answer(window))


def convert(source, target, **options):
    with open_rows(source, with_types=target.suffix == ".parquet") as rows:
        write(rows, target, **options)


def read_back(path):
    with open_rows(path) as rows:
        return rows.columns, [values for window in rows.windows for values in list_values(window)]


@pytest.mark.parametrize("suffix", SUFFIXES)
@few
@given(texts=st.lists(cells, max_size=8))
def test_written_texts_are_read_back_as_they_were(suffix, texts, tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / f"a{suffix}"
    write(list_texts(texts + TEXTS), path)
    assert list(read_texts(path)) == texts + TEXTS


@pytest.mark.parametrize(("delimiter", "suffix"), [(",", ".csv"), ("\t", ".tsv")])
@few
@given(texts=st.lists(cells, max_size=8), score=st.one_of(st.floats(allow_nan=False), st.integers(), st.booleans()))
def test_rows_have_the_bytes_that_the_csv_module_writes(delimiter, suffix, texts, score, tmp_path_factory):
    folder, texts = tmp_path_factory.mktemp("rows"), texts + TEXTS
    rows = list_texts(texts)
    with open_output(folder / f"ours{suffix}", rows, NAMES) as write_window:
        for window in rows.windows:
            write_window(window, Answers(NAMES, [["pos"] * len(window.texts), [score] * len(window.texts)]))
    with (folder / "theirs").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
        written = str(score).lower() if isinstance(score, bool) else score
        writer.writerows([[*rows.columns, *NAMES], *([text, "pos", written] for text in texts)])
    assert (folder / f"ours{suffix}").read_bytes() == (folder / "theirs").read_bytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
@few
@given(table=st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=7))
def test_all_columns_of_a_csv_are_kept_in_their_order(suffix, table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    with (folder / "in.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, quoting=csv.QUOTE_ALL).writerows([["label", "text", "id"], *table])
    convert(folder / "in.csv", folder / f"out{suffix}")
    columns, rows = read_back(folder / f"out{suffix}")
    assert columns == ["label", "text", "id", *NAMES]
    assert [row[:4] for row in rows] == [[*values, "pos"] for values in table]
    assert [float(row[4]) for row in rows] == [0.5] * len(table)


def test_json_keeps_nested_values_and_late_columns(tmp_path):
    objects = [{"text": "a", "n": {"x": [1, None, {"y": "ü"}]}, "big": 2**70}] * 4 + [{"k": True, "text": "b \ud83d"}]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, objects)))
    convert(tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    written = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert written == [{**each, "predicted_label": "pos", "score": 0.5} for each in objects]
    convert(tmp_path / "in.jsonl", tmp_path / "out.csv")
    columns, rows = read_back(tmp_path / "out.csv")
    assert columns == ["text", "n", "big", "k", *NAMES]
    assert json.loads(rows[0][1]) == objects[0]["n"]
    assert (rows[0][2:4], rows[4][:4]) == ([str(2**70), ""], ["b \N{REPLACEMENT CHARACTER}", "", "", "true"])


def test_halves_of_surrogate_pairs_are_replaced_in_parquet_as_elsewhere(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "\\ud800 a", "x": "\\udfff"}\n')
    convert(tmp_path / "in.jsonl", tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").to_pylist()[0]["text"] == "\N{REPLACEMENT CHARACTER} a"


def test_numbers_too_large_for_parquet_are_told(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "a", "x": 1' + "0" * 400 + "}\n")
    with pytest.raises(
        InputError, match=r"in.jsonl, column 'x': a Parquet file can't hold these values together \(.*too"
    ):
        convert(tmp_path / "in.jsonl", tmp_path / "out.parquet")


def test_json_has_types_in_parquet(tmp_path):
    objects = [{"text": "a", "n": {"x": [1]}, "f": 1, "none": None}] * 4 + [{"text": "b", "f": 2.5, "late": "x"}]
    (tmp_path / "in.json").write_text(json.dumps(objects))
    convert(tmp_path / "in.json", tmp_path / "out.parquet")
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.schema.field("f").type == pa.float64()
    assert table["n"].to_pylist() == [{"x": [1]}] * 4 + [None]
    assert table.select(["f", "none", "late"]).to_pylist()[3:] == [
        {"f": 1.0, "none": None, "late": None},
        {"f": 2.5, "none": None, "late": "x"},
    ]
    (tmp_path / "in.jsonl").write_text('{"text": "a", "x": 1}\n' * 5 + '{"text": "a", "x": "b"}\n')
    with pytest.raises(InputError, match=r"in.jsonl, column 'x': a Parquet file can't hold these values together"):
        convert(tmp_path / "in.jsonl", tmp_path / "out.parquet")


def test_types_of_parquet_are_kept(tmp_path):
    when = datetime.datetime(2020, 1, 2, 3, 4, 5, 6)
    table = pa.table(
        {
            "text": pa.array(["a", "b"] * 4),
            "kind": pa.array(["x", "y"] * 4).dictionary_encode(),
            "small": pa.array([1, None] * 4, pa.int8()),
            "when": pa.array([when] * 8, pa.timestamp("ns", "UTC")),
            "price": pa.array([decimal.Decimal("1.10")] * 8),
            "raw": [b"\xff"] * 8,
            "nested": [[{"x": 1.5}]] * 8,
        }
    )
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=5)
    convert(tmp_path / "in.parquet", tmp_path / "out.parquet")
    written = pq.read_table(tmp_path / "out.parquet")
    assert written.select(table.column_names).schema == table.schema
    assert written.select(table.column_names).to_pylist() == table.to_pylist()
    assert written["predicted_label"].to_pylist() == ["pos"] * 8
    convert(tmp_path / "in.parquet", tmp_path / "out.jsonl")
    assert json.loads((tmp_path / "out.jsonl").read_text().splitlines()[1]) == {
        "text": "b", "kind": "y", "small": None, "when": "2020-01-02T03:04:05.000006+00:00", "price": "1.10",
        "raw": "/w==", "nested": [{"x": 1.5}], "predicted_label": "pos", "score": 0.5,
    }  # fmt: skip


def test_formulas_are_counted_or_disarmed(tmp_path, caplog):
    (tmp_path / "in.csv").write_text("text,=x\n=1+1,-5\n-good,a\n")
    convert(tmp_path / "in.csv", tmp_path / "out.csv")
    assert "3 cells start as formulas do" in caplog.text
    assert read_back(tmp_path / "out.csv")[1][0][:2] == ["=1+1", "-5"]
    caplog.clear()
    convert(tmp_path / "in.csv", tmp_path / "safe.csv", spreadsheet_safe=True)
    assert caplog.text == ""
    assert [row[:2] for row in read_back(tmp_path / "safe.csv")[1]] == [["'=1+1", "-5"], ["'-good", "a"]]


def test_columns_of_one_name_are_kept_or_refused(tmp_path):
    (tmp_path / "in.csv").write_text("id,text,id\n1,a,2\n")
    convert(tmp_path / "in.csv", tmp_path / "out.csv")
    assert read_back(tmp_path / "out.csv")[1][0][:3] == ["1", "a", "2"]
    for suffix in (".jsonl", ".parquet"):
        with pytest.raises(InputError, match="two columns are called 'id'"):
            convert(tmp_path / "in.csv", tmp_path / f"out{suffix}")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_failing_write_leaves_the_old_file_and_no_other(tmp_path, suffix):
    (tmp_path / "in.csv").write_text("text\n" + "a\n" * 10 + '"b\n')
    (tmp_path / f"out{suffix}.old").write_text("old")
    os.rename(tmp_path / f"out{suffix}.old", tmp_path / f"out{suffix}")
    with pytest.raises(InputError, match=r"in.csv, row that starts in line 12: quotes don't match"):
        convert(tmp_path / "in.csv", tmp_path / f"out{suffix}")
    assert sorted(os.listdir(tmp_path)) == sorted(["in.csv", f"out{suffix}"])
    assert (tmp_path / f"out{suffix}").read_text() == "old"


def test_rows_without_a_text_are_named(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "a"}\n' * 10 + '{"text": 5}\n')
    with pytest.raises(InputError, match=r"row 11 \(line 11\), column 'text': int is no text"):
        convert(tmp_path / "in.jsonl", tmp_path / "out.csv")
    pq.write_table(pa.table({"text": ["a"] * 4 + [None]}), tmp_path / "in.parquet")
    with pytest.raises(InputError, match=r"row 5, column 'text': there is no text \(null\)"):
        convert(tmp_path / "in.parquet", tmp_path / "out.csv")
    assert sorted(os.listdir(tmp_path)) == ["in.jsonl", "in.parquet"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_what_a_killed_process_left_is_removed_and_what_another_writes_is_not(tmp_path):
    fcntl = pytest.importorskip("fcntl")
    dead, living, other = (tmp_path / f".{name}.partial" for name in ("out.csv.1", "out.csv.2", "out.csv.gz.3"))
    for path in (dead, living, other):
        path.touch()
    with open(living) as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        write(list_texts(TEXTS), tmp_path / "out.csv")
        assert {path.name for path in tmp_path.iterdir()} == {"out.csv", living.name, other.name}
    with open_output(tmp_path / "out.csv", list_texts([]), NAMES):  # two at once: who ends last is right
        write(list_texts(TEXTS), tmp_path / "new.csv")
        (own,) = tmp_path.glob(f".out.csv.{os.getpid()}-*.partial")
        with open(own) as stream, pytest.raises(BlockingIOError):
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert {path.name for path in tmp_path.iterdir()} == {"new.csv", "out.csv", other.name}


def test_a_full_disk_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr("hf_lstm.files.partial_files.name_partial", lambda path: path.with_name("full"))
    (tmp_path / "full").symlink_to("/dev/full")
    with pytest.raises(StorageError, match=r"out.csv cannot be written: No space left .*; it had come to 0 bytes,"):
        write(list_texts(["a"]), tmp_path / "out.csv")


def test_a_type_that_is_not_written_is_refused(tmp_path):
    check_output_type(tmp_path / "a.CSV")
    with pytest.raises(InputError, match=r"unknown file type '\.xlsx'; expected one of \.csv, \.tsv, \.jsonl, \.parq"):
        check_output_type(tmp_path / "a.xlsx")


def test_reading_is_lazy(tmp_path):
    (tmp_path / "a.csv").write_text("text,id\n" + "good,1\n" * 30_000 + '"never closed')
    with open_rows(tmp_path / "a.csv") as rows:
        assert [next(rows.windows).texts for _ in range(9_000)] == [["good"] * 3] * 9_000


def test_json_has_no_number_that_json_lacks(tmp_path):
    table = pa.table({"text": ["a", "b", "c"], "x": [math.inf, -math.inf, math.nan], "y": [[math.inf]] * 3})
    pq.write_table(table, tmp_path / "in.parquet")
    convert(tmp_path / "in.parquet", tmp_path / "out.jsonl")

    def refuse(name):
        raise ValueError(f"{name} is not JSON")

    rows = [json.loads(line, parse_constant=refuse) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [(row["x"], row["y"]) for row in rows] == [("inf", ["inf"]), ("-inf", ["inf"]), (None, ["inf"])]
