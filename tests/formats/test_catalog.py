"""Every format gives the same rows to both readers, those of labeled rows and of texts; damaged files are one line."""

import bz2
import gzip
import json
import lzma
import os
import zipfile

import openpyxl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from hf_lstm.errors import InputError
from hf_lstm.formats import compression, spreadsheets
from hf_lstm.formats.catalog import open_file
from hf_lstm.rows.columns import Columns
from hf_lstm.rows.readers import read_file
from hf_lstm.rows.texts import read_texts

ROWS = [("plain", "neg"), ("two\nlines", "pos"), ("", "neg"), ("NA", "pos"), ("ünï 😀", "neg"), (" padded", "pos")]
TEXTS = [text for text, _ in ROWS]
TABLE = pa.table({"label": [label for _, label in ROWS], "text": TEXTS})


def write_csv(path, delimiter=","):
    rows = [("text", "label"), *ROWS]
    path.write_text("".join(f'"{text}"{delimiter}"{label}"\n' for text, label in rows), encoding="utf-8")


def write_compressed(path, compress):
    write_csv(path.with_suffix(""))
    path.write_bytes(compress(path.with_suffix("").read_bytes()))


def write_lines(path):
    path.write_text("".join(json.dumps({"label": label, "text": text}) + "\n" for text, label in ROWS))


def write_xlsx(path, rows=(("text", "label"), *ROWS), sheets=1):
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(row)
    for number in range(1, sheets):
        workbook.create_sheet(f"more {number}").append(["other"])
    workbook.save(path)


def write_ods(path):
    """Write what OpenDocument asks for at least: a line break is a paragraph, and blanks at an end are elements."""
    texts = [text.replace(" padded", "<text:s/>padded").replace("\n", "</text:p><text:p>") for text in TEXTS]
    rows = [("text", "label"), *((text, label) for text, (_, label) in zip(texts, ROWS, strict=True))]
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    table = "".join(f"<table:table-row>{''.join(map(cell.format, row))}</table:table-row>" for row in rows)
    spaces = "".join(f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("table", "text"))
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        file.writestr("META-INF/manifest.xml", "<manifest/>")
        file.writestr("content.xml", (
            f'<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"{spaces}>'
            f'<office:body><office:spreadsheet><table:table table:name="Sheet">{table}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>"
        ))  # fmt: skip


def write_arrow(path, kind):
    with pa.OSFile(str(path), "wb") as sink, kind(sink, TABLE.schema) as writer:
        writer.write_table(TABLE)


def compress_zstd(data):
    return pa.compress(data, "zstd", asbytes=True)


WRITERS = {
    "a.csv": write_csv,
    "a.tsv": lambda path: write_csv(path, "\t"),
    "a.CSV.GZ": lambda path: write_compressed(path, gzip.compress),
    "a.csv.bz2": lambda path: write_compressed(path, bz2.compress),
    "a.csv.xz": lambda path: write_compressed(path, lzma.compress),
    "a.csv.zst": lambda path: write_compressed(path, compress_zstd),
    "two.csv.gz": lambda path: write_compressed(path, lambda data: gzip.compress(data[:9]) + gzip.compress(data[9:])),
    "a.jsonl": write_lines,
    "a.ndjson": write_lines,
    "a.json": lambda path: path.write_text(json.dumps([{"text": text, "label": label} for text, label in ROWS])),
    "a.xlsx": write_xlsx,
    "a.ods": write_ods,
    "a.parquet": lambda path: pq.write_table(TABLE, path),
    "views.parquet": lambda path: pq.write_table(TABLE.cast(pa.schema(
        {"label": pa.string_view(), "text": pa.string_view()})), path),
    "words.parquet": lambda path: pq.write_table(TABLE.set_column(
        1, "text", TABLE["text"].dictionary_encode()), path),
    "stream.arrow": lambda path: write_arrow(path, pa.ipc.new_stream),
    "file.arrow": lambda path: write_arrow(path, pa.ipc.new_file),
    "a.feather": lambda path: pyarrow.feather.write_feather(TABLE, str(path)),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITERS)
def test_both_readers_read_every_format_alike(tmp_path, name):
    WRITERS[name](tmp_path / name)
    labeled = read_file(tmp_path / name, Columns())
    assert list(zip(labeled.texts.to_pylist(), labeled.labels.to_pylist(), strict=True)) == ROWS
    assert list(read_texts(tmp_path / name)) == TEXTS
    with open_file(tmp_path / name) as file:
        assert file.name == str(tmp_path / name)


def test_a_text_file_has_one_column_and_knows_its_name_and_encoding(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"caf\xe9\n")
    with open_file(tmp_path / "a.txt", "cp1252") as file:
        assert (file.name, file.columns, list(file.rows)) == (str(tmp_path / "a.txt"), ["text"], [(1, ["caf\xe9"])])


def test_a_line_of_a_text_file_may_begin_as_a_page_does(tmp_path):
    (tmp_path / "a.txt").write_text("<html>b</html>\nc\n", encoding="utf-8")
    assert list(read_texts(tmp_path / "a.txt")) == ["<html>b</html>", "c"]


def read_both(path, columns=Columns()):  # noqa: B008 - a tuple
    """Return the message of both readers, which must be the same."""
    messages = []
    for read in (lambda: read_file(path, columns), lambda: list(read_texts(path, columns.text))):
        with pytest.raises(InputError) as caught:
            read()
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    assert "\n" not in messages[0]
    assert len(messages[0]) < 500
    return messages[0]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv.gz", b"text,label\n", "can't be decompressed (Not a gzipped file"),
        ("a.csv.gz", gzip.compress(b"text,label\n" * 99, mtime=0)[:-9], "can't be decompressed (Compressed file ended"),
        ("a.csv.xz", b"text,label\n", "can't be decompressed"),
        ("a.csv.bz2", b"text,label\n", "can't be decompressed"),
        ("a.csv.zst", b"text,label\n", "can't be decompressed"),
        ("a.parquet.gz", b"x", "unknown file type '.parquet.gz'"),
        ("a.gz", b"x", "unknown file type '.gz'"),
        ("a.xlsx", b"text,label\n", "is a text, whatever its name says; give it the suffix of what it is, such"),
        ("a.xls", "text\tlabel\nä\t1\n".encode(), "is a text, whatever its name says"),
        ("a.xls", b"\n<table border=1><tr><td>text", "is a web page (HTML)"),
        ("a.csv", b"<!DOCTYPE html>\n<html>", "is a web page (HTML)"),
        ("a.parquet", b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "is a pointer of Git LFS and not"),
        ("a.csv", b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "is a pointer of Git LFS and not"),
        ("a.parquet", b"text,label\na,1\n", "is a text, whatever its name says"),
        ("a.csv", b"PAR1\x15\x00", "is a Parquet file, whatever its name says; give it the suffix .parquet"),
        ("a.jsonl", gzip.compress(b"{}", mtime=0), "is compressed with gzip, whatever its name says; give it the"),
        ("a.csv", b"PK\x03\x04\x14\x00", "is a zip archive or a spreadsheet"),
        ("a.csv", b'{"text": "a", "label": 1}\n', "holds JSON, whatever its name says; give it the suffix .jsonl or"),
        ("a.json", b'{"text": {"0": "a"}, "label": {"0": 1}}', "holds one object of lists or objects ('text', 'label"),
        ("a.json", b'{"data": [{"text": "a", "label": 1}]}', "holds one object of lists or objects ('data'), not"),
        ("a.csv", b"text,label\na,1,,\n", "4 fields, but the header has 2; remove the ',' at the end of rows, or"),
        ("a.csv", b"\n\n", "there is no text column, as there are no columns at all; write their names as the first"),
        ("a.csv", b"\xef\xbb\xbf", "there is no text column, as there are no columns at all; write their names as"),
        ("a.xlsx", b"PK\x03\x04 damaged", "can't be read as a spreadsheet"),
        ("a.csv", "text,label\nHé,1\n".encode("cp1252"), "row 1 (line 2), column 'text': not UTF-8 (byte 0xe9"),
        ("a.csv", "text,lébel\nH,1\n".encode("cp1252"), "a.csv, header: not UTF-8 (byte 0xe9"),
        ("a.csv", "text,label\nгуд,1\n".encode("utf-16"), "is not UTF-8 but UTF-16; pass --encoding utf-16 "),
        ("a.csv", b"label,text,text\n1,a,b\n", "several columns are called 'text'"),
        ("a.csv", b"label,text, text \n1,a,b\n", "several columns are called 'text'"),
        ("a.jsonl", b'{"text": "a", "label": 1, "text": "b"}\n', "row 1 (line 1): several columns are called 'text'"),
        ("a.jsonl", b"[" * 100_000 + b"\n", "nested too deep"),
        ("a.jsonl", b'{"text": "a", "label": 1}\n{"text": ' + b"[" * 100_000 + b"\n", "line 2: nested too deep"),
        ("a.json", b'[{"text": ' + b'{"a":' * 100_000 + b"\n", "nested too deep"),
        ("a.jsonl", b'{"text": "a", "label": ' + b"9" * 5_000 + b"}\n", "line 1: holds a number of too many digits"),
        ("a.jsonl", b'{"text": [[["a"]]], "label": 1}\n', "row 1 (line 1), column 'text': list is no text"),
    ],
)  # fmt: skip
def test_both_readers_refuse_a_damaged_file_in_the_same_line(tmp_path, name, content, expected):
    (tmp_path / name).write_bytes(content)
    assert expected in read_both(tmp_path / name)


def test_two_columns_of_one_name_are_refused_in_parquet(tmp_path):
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"]), pa.array(["c"])], ["text", "text", "label"])
    pq.write_table(table, tmp_path / "a.parquet")
    assert "several columns are called 'text'; give each a name of its own" in read_both(tmp_path / "a.parquet")


def test_bombs_are_refused_and_texts_that_repeat_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr(compression, "FREE_BYTES", 2**20)
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(b"text,label\n" + b"0" * 2**22))
    assert "holds more than 200 times its size, like a decompression bomb" in read_both(tmp_path / "bomb.csv.gz")
    (tmp_path / "many.csv.gz").write_bytes(gzip.compress(b"text\n" + b"".join(b"text %d\n" % i for i in range(2**17))))
    assert sum(1 for _ in read_texts(tmp_path / "many.csv.gz")) == 2**17
    write_xlsx(tmp_path / "a.xlsx")
    monkeypatch.setattr(spreadsheets, "MAX_BYTES", 1_000)
    assert "a.xlsx: holds more than 1,000 bytes; save it as CSV" in read_both(tmp_path / "a.xlsx")


def test_a_named_encoding_is_read(tmp_path):
    for encoding in ("cp1251", "utf-16", "utf-8", "gb18030"):
        (tmp_path / "a.csv").write_text("text,label\nфильм,хорошо\n", encoding=encoding)
        assert list(read_texts(tmp_path / "a.csv", encoding=encoding)) == ["фильм"]
        assert read_file(tmp_path / "a.csv", Columns(), encoding).labels.to_pylist() == ["хорошо"]
    (tmp_path / "a.csv").write_bytes("text,label\nфильм,хорошо\n".encode("cp1251"))
    with pytest.raises(InputError, match=r"row 1 \(line 2\), column 'text': not ASCII \(byte 0xf4 at position 1\)"):
        list(read_texts(tmp_path / "a.csv", encoding="ascii"))
    for encoding in ("klingon", "rot13", "hex", "a\0b"):
        with pytest.raises(InputError, match="there is no such encoding"):
            list(read_texts(tmp_path / "a.csv", encoding=encoding))
    pq.write_table(TABLE, tmp_path / "a.parquet")
    with pytest.raises(InputError, match="says its encoding itself; leave out --encoding cp1251"):
        list(read_texts(tmp_path / "a.parquet", encoding="cp1251"))


# how statistics programs and spreadsheets write tables


def read_csv(tmp_path, content, columns=Columns()):  # noqa: B008 - a tuple
    (tmp_path / "a.csv").write_text(content)
    table = read_file(tmp_path / "a.csv", columns)
    assert list(read_texts(tmp_path / "a.csv", columns.text)) == table.texts.to_pylist()
    return list(zip(table.texts.to_pylist(), table.labels.to_pylist(), strict=True))


def test_row_names_of_r_are_no_column(tmp_path):
    assert read_csv(tmp_path, '"text","label"\n"1","good, really","pos"\n"7","bad","neg"\n') == [
        ("good, really", "pos"), ("bad", "neg")
    ]  # fmt: skip
    assert read_csv(tmp_path, '"","text","label"\n"1","good","pos"\n') == [("good", "pos")]
    for content, expected in {
        "text,label\n1,good,pos\nfine, really,neg\n": r"row 2 .* is no row name, as it is no number",
        "label,text\n0,2 films, really\n1,3 films, really\n0,4 films, no\n": r"row 3 .* as it is repeated",
        "text,label\n1,good,pos\nbad,neg\n": r"row 2 \(line 3\): 2 fields, but the header has 2 and rows have names",
        "text,label\ngood, really,pos\n": r"row 1 \(line 2\): 3 fields, but the header has 2; put quotes",
        "text,label\ngood,pos,\n": r"row 1 \(line 2\): 3 fields, but the header has 2; remove the .,. at the end",
        "text,label\ngood\nreally,pos\n": r"row 1 \(line 2\): 1 fields, .* a text that holds a line break",
    }.items():
        with pytest.raises(InputError, match=expected):
            read_csv(tmp_path, content)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_the_delimiter_is_the_one_that_cuts_header_and_rows_alike(tmp_path, suffix, delimiter):
    path = tmp_path / f"a{suffix}"
    header = ["id", "text" if delimiter == "," else "text, as typed", "label"]
    path.write_text("\n".join(map(delimiter.join, [header, ["1", "good", "pos"], ["2", "bad", "neg"]])))
    table = read_file(path, Columns(header[1]))
    assert (table.texts.to_pylist(), table.labels.to_pylist()) == (["good", "bad"], ["pos", "neg"])


def test_a_header_within_the_rows_is_no_row(tmp_path):
    with pytest.raises(InputError, match=r"row 2 \(line 3\): repeats the header, as if files had been joined"):
        read_csv(tmp_path, "text,label\ngood,pos\ntext,label\nbad,neg\n")
    (tmp_path / "texts.csv").write_text("text\ngood\ntext\n")
    assert list(read_texts(tmp_path / "texts.csv")) == ["good", "text"]  # a single word may be a text


def test_blanks_before_quotes_belong_to_no_field(tmp_path):
    rows = [("good, really", "pos"), ("bad", "neg")]
    assert read_csv(tmp_path, 'label, text\npos, "good, really"\nneg, "bad"\n') == rows
    assert read_csv(tmp_path, '"label", "text"\npos, "good, really"\nneg, bad\n') == rows
    assert read_csv(tmp_path, 'text,label\n" good, ""x""",pos\n') == [(' good, "x"', "pos")]
    with pytest.raises(InputError, match=r"row 2 \(line 3\): 3 fields, but .*; remove the blanks before quotes"):
        read_csv(tmp_path, 'label,text\npos,good\nneg, "bad, really"\n')


def test_a_column_is_found_by_its_name_whatever_surrounds_it(tmp_path):
    content = " text , label ,review\ngood,pos,x\n"
    assert read_csv(tmp_path, content, Columns("text", "label")) == [("good", "pos")]
    assert read_csv(tmp_path, content, Columns("review")) == [("x", "pos")]


def test_cells_of_a_spreadsheet_are_the_texts_that_they_show(tmp_path, caplog):
    rows = [[], [None, "text", "label"], [None, 10, 1], [], [None, "bad", True], [None, 1.5, None]]
    write_xlsx(tmp_path / "a.xlsx", rows, sheets=3)
    table = read_file(tmp_path / "a.xlsx", Columns())
    assert table.texts.to_pylist() == ["10", "bad", "1.5"]
    assert table.labels.to_pylist() == ["1", "true", ""]
    assert table.locate(1, "text").endswith("a.xlsx, row 2 (line 5), column 'text'")
    assert "the sheet 'Sheet' is read; left out: 'more 1', 'more 2'" in caplog.text
    write_xlsx(tmp_path / "a.xlsx", [])
    assert "the sheet 'Sheet' is empty" in read_both(tmp_path / "a.xlsx")


def test_cells_in_opposite_corners_of_a_sheet_do_not_end_the_process(tmp_path):
    workbook = openpyxl.Workbook()
    for row in (("text", "label"), *ROWS):
        workbook.active.append(row)
    workbook.active.cell(1_048_576, 16_384, "far away")
    workbook.save(tmp_path / "a.xlsx")
    message = read_both(tmp_path / "a.xlsx")
    assert "a.xlsx: cannot be read in 1,0" in message
    assert "bytes of memory: cells lie too far apart, or it is damaged; save it anew without" in message


def test_a_spreadsheet_without_end_is_given_up(tmp_path, monkeypatch):
    write_ods(tmp_path / "whole.ods")
    with zipfile.ZipFile(tmp_path / "whole.ods") as whole, zipfile.ZipFile(tmp_path / "a.ods", "w") as damaged:
        for name in whole.namelist():
            damaged.writestr(name, whole.read(name).replace(b"</table:table>", b""))
    monkeypatch.setattr(spreadsheets, "_TRIAL_S", 2.0)
    assert read_both(tmp_path / "a.ods").endswith(
        "a.ods: takes too long to read, as a damaged file may; save it anew, or as CSV"
    )


def test_an_archive_that_is_no_spreadsheet_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("reviews.csv", "text,label\n")
    assert "can't be read as a spreadsheet" in read_both(tmp_path / "a.xlsx")


def test_words_for_missing_labels_are_labels_where_types_say_it(tmp_path):
    (tmp_path / "a.csv").write_text("text,label\na,null\nb,NaN\nc,1\n")
    assert read_file(tmp_path / "a.csv", Columns()).labels.to_pylist() == [None, None, "1"]
    (tmp_path / "a.jsonl").write_text('{"text": "a", "label": "null"}\n{"text": "b", "label": NaN}\n')
    assert read_file(tmp_path / "a.jsonl", Columns()).labels.to_pylist() == ["null", None]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_told_as_one_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    assert read_both(tmp_path / "a.csv") == (
        f"{tmp_path / 'a.csv'}: is a pipe or a device, expected a file; save what comes from it in one"
    )
