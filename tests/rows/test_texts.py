import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hf_lstm.errors import InputError
from hf_lstm.rows.texts import looks_like_file, read_lines, read_texts


def test_each_line_of_a_text_file_is_a_text(tmp_path):
    (tmp_path / "a.txt").write_bytes("\ufefffirst\r\n\nlone\rreturn \u2028 \x0b\nlast".encode())
    assert list(read_texts(tmp_path / "a.txt")) == ["first", "", "lone\rreturn \u2028 \x0b", "last"]


def test_the_text_column_is_guessed_or_named(tmp_path):
    (tmp_path / "a.csv").write_text("id,Review,title\n1,good,a\n2,bad,b\n")
    assert list(read_texts(tmp_path / "a.csv")) == ["good", "bad"]
    assert list(read_texts(tmp_path / "a.csv", "title")) == ["a", "b"]


def test_json_lines_and_lists(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"id": 1, "text": "good"}\n\n{"text": "half \\ud83d"}\n')
    assert list(read_texts(tmp_path / "a.jsonl")) == ["good", "half \N{REPLACEMENT CHARACTER}"]
    (tmp_path / "a.json").write_text('[{"text": "good"},\n {"text": "bad"}]')
    assert list(read_texts(tmp_path / "a.json")) == ["good", "bad"]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_parquet_of_any_string_type(tmp_path, kind):
    texts = [f"text {i}" for i in range(3_000)]
    table = pa.table({"label": list(range(3_000)), "text": pa.array(texts).cast(kind)})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=700)
    assert list(read_texts(tmp_path / "a.parquet")) == texts


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.txt", b"good\ncaf\xe9", "a.txt, line 2: not UTF-8 (byte 0xe9 at position 4)"),
        ("a.txt", "good".encode("utf-16"), "a.txt: is not UTF-8 but UTF-16; pass --encoding utf-16"),
        (
            "a.csv",
            b"text\ngood\ncaf\xe9\n",
            "a.csv, row 2 (line 3), column 'text': not UTF-8 (byte 0xe9 at position 4)",
        ),
        ("a.csv", b"id,text\n1,good\n2,good, but long\n", "a.csv, row 2 (line 3): 3 fields, but the header has 2"),
        ("a.csv", b'text\ngood\n"open\n', "a.csv, row that starts in line 3: quotes don't match"),
        ("a.csv", b"id,words\n1,good\n", "a.csv: there is no text column; the columns are 'id', 'words'"),
        ("a.csv", b"", "a.csv: the file is empty"),
        ("a.jsonl", b'{"text": "good"}\n{"text": \n', "a.jsonl, line 2: not JSON"),
        ("a.jsonl", b'{"text": "good"}\n"bad"\n', "a.jsonl, row 2 (line 2): expected an object"),
        ("a.jsonl", b'{"text": "good"}\n{"words": "bad"}\n', "a.jsonl, row 2 (line 2): there is no column 'text'"),
        ("a.jsonl", b'{"text": "good"}\n{"text": null}\n', "row 2 (line 2), column 'text': there is no text (null)"),
        (
            "a.jsonl",
            b'{"text": "good"}\n{"text": NaN}\n',
            "row 2 (line 2), column 'text': there is no text (NaN); drop the row, or write an empty text",
        ),
        ("a.jsonl", b'{"text": 5}\n', "row 1 (line 1), column 'text': int is no text"),
        ("a.parquet", b"PAR1 damaged", "a.parquet: can't be read as Parquet"),
        ("a.pdf", b"", "a.pdf: unknown file type '.pdf'; expected one of .txt, .csv"),
    ],
)
def test_errors_name_file_row_and_what_was_expected(tmp_path, name, content, expected):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as error:
        list(read_texts(tmp_path / name))
    assert expected in str(error.value)
    assert "\n" not in str(error.value)


def test_parquet_without_a_text_is_refused(tmp_path):
    pq.write_table(pa.table({"text": ["good", None], "number": [1, 2]}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"row 2, column 'text': there is no text \(null\)"):
        list(read_texts(tmp_path / "a.parquet"))
    with pytest.raises(InputError, match=r"column 'number': holds int64 values, but texts must be strings"):
        list(read_texts(tmp_path / "a.parquet", "number"))


def test_missing_files_and_columns_that_can_not_be(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        read_texts(tmp_path / "a.csv")
    with pytest.raises(InputError, match="is a folder"):
        read_texts(tmp_path)
    (tmp_path / "a.txt").write_text("good")
    with pytest.raises(InputError, match=r"a \.txt file has no columns"):
        list(read_texts(tmp_path / "a.txt", "text"))


def test_reading_is_lazy(tmp_path):
    (tmp_path / "a.csv").write_text("text\n" + "good\n" * 100_000 + '"never closed')
    texts = read_texts(tmp_path / "a.csv")
    assert [next(texts) for _ in range(99_000)] == ["good"] * 99_000


def test_what_looks_like_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my reviews").write_text("good")
    (tmp_path / "film").mkdir()
    assert all(map(looks_like_file, ["reviews.csv", "a/b", "./x", "REVIEWS.JSONL", "my reviews", "film"]))
    assert not any(map(looks_like_file, ["", "good", "A file.csv of woes", "5 / 10", "Great.", "x" * 10**6, "a\0b"]))


@pytest.mark.parametrize(
    ("content", "encoding", "expected"),
    [
        (
            "good\nok\n".encode("utf-16-le"),
            None,
            "input: is not UTF-8 but UTF-16-LE; pass --encoding utf-16-le",
        ),
        (b"good\nok\nb\0ad\n", None, "standard input: contains a NUL in line 3"),
        (b"good\nok!\n", "utf-16", r"standard input: not UTF-16 \(UTF-16 stream does not start with BOM\)"),
    ],
)
def test_lines_of_another_encoding_are_refused(content, encoding, expected):
    with pytest.raises(InputError, match=expected):
        list(read_lines(io.BytesIO(content), "standard input", encoding))


@pytest.mark.parametrize("num_before", [0, 1, 9_000])
@pytest.mark.parametrize(
    ("encoding", "mark", "wrong"),
    [
        ("ascii", b"", b"caf\xe9"),
        ("cp1252", b"", b"\x81"),
        ("utf-8", b"", b"caf\xe9"),
        ("gb18030", b"", b"\xff"),
        ("utf-16-be", b"", b"\xd8\0\0a"),
        ("utf-16", b"\xfe\xff", b"\xd8\0\0a"),  # of which the mark alone tells how its bytes lie
    ],
)
def test_a_line_that_a_named_encoding_does_not_know_has_its_number(encoding, mark, wrong, num_before):
    lines = ("good\n" * num_before).encode("utf-16-be" if encoding == "utf-16" else encoding)
    with pytest.raises(InputError, match=f"input, line {num_before + 1}: not {encoding.upper()} "):
        list(read_lines(io.BytesIO(mark + lines + wrong), "input", encoding))
