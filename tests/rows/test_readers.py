"""Text files give exactly the rows that were written, or one error that names file, row, line and column."""

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_lstm.errors import InputError
from hf_lstm.rows.columns import Columns
from hf_lstm.rows.readers import read_file

TEXTS = st.text(st.one_of(st.characters(codec="utf-8", exclude_characters="\0"), st.sampled_from('",;\t\n\r NA')))
ROWS = st.lists(st.tuples(TEXTS, st.sampled_from(["negative", "positive"])), min_size=1, max_size=20)


@pytest.fixture(scope="session")
def scratch_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("text-files")


def read_csv(folder, content, suffix=".csv", columns=(None, None)):
    path = folder / f"reviews{suffix}"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_file(path, Columns(*columns))


def rows_of(table):
    return list(zip(table.texts.to_pylist(), table.labels.to_pylist(), strict=True))


@settings(max_examples=200, deadline=None)
@given(rows=ROWS, delimiter=st.sampled_from(",;\t"), with_bom=st.booleans())
def test_csv_round_trip(scratch_folder, rows, delimiter, with_bom):
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerows([("review", "sentiment"), *rows])
    content = stream.getvalue().encode("utf-8-sig" if with_bom else "utf-8")
    assert rows_of(read_csv(scratch_folder, content)) == rows


@settings(max_examples=200, deadline=None)
@given(rows=ROWS, as_list=st.booleans(), ensure_ascii=st.booleans())
def test_json_round_trip(scratch_folder, rows, as_list, ensure_ascii):
    objects = [{"text": text, "label": label, "other": [1]} for text, label in rows]
    dumps = [json.dumps(row, ensure_ascii=ensure_ascii) for row in objects]
    content = json.dumps(objects, ensure_ascii=ensure_ascii) if as_list else "\n".join(dumps)
    assert rows_of(read_csv(scratch_folder, content, ".json")) == rows


def test_missing_value_words_stay_text(tmp_path):
    words = ["NA", "null", "None", "", "nan", "N/A", "#N/A"]
    table = read_csv(tmp_path, "label,text\n" + "".join(f"1,{word}\n" for word in words))
    assert table.texts.to_pylist() == words


def test_columns_are_found_by_name_and_lines_are_kept(tmp_path):
    table = read_csv(tmp_path, 'id,Sentiment,Review\n1,pos,"two\nlines"\n\n2,neg,one\n')
    assert rows_of(table) == [("two\nlines", "pos"), ("one", "neg")]
    assert table.locate(1, "Review").endswith("reviews.csv, row 2 (line 5), column 'Review'")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("text,label\ngood,1\nbad, really,0\n", r"row 2 \(line 3\): 3 fields, but the header has 2"),
        ("text,label\ngood,1\nbad\n", r"row 2 \(line 3\): 1 fields, but the header has 2"),
        ('text,label\n"a "good" film",1\n', r"starts in line 2: quotes don't match near line 2"),
        ('text,label\na,0\n"b,1\nc,0\n', r"starts in line 3: quotes don't match near line 4"),
        ('text,label\na,0\n"b,1\nc,0\n"d",1\ne,0\n', r"starts in line 3: quotes don't match near line 5"),
        ('text,label\na,0\ne,1\n"b,1\nc,0\nd,1\n6",0\n', r"row 3 \(line 4\), column 'text': the text holds whole rows"),
        ('label,text\n0,a\n1,"b\n0,c\n1,d 6"\n', r"row 2 \(line 3\), column 'text': the text holds whole rows"),
        ('id,text,x,label\n1,a,y,0\n2,"b,y,0\n3,c",y,0\n', r"row 2 \(line 3\), column 'text': the text holds whole"),
        (
            "text,label\nHé,1\n".encode("latin-1"),
            r"row 1 \(line 2\), column 'text': not UTF-8 \(byte 0xe9 .*--encoding",
        ),
        ("text,label\ngood,1\n".encode("utf-16"), "is not UTF-8 but UTF-16; pass --encoding utf-16 "),
        ("text,label\ngood,1\n".encode("utf-16-le"), "is not UTF-8 but UTF-16-LE; pass --encoding utf-16-le "),
        ("words,label\ngood,1\n", r"there is no text column; the columns are 'words', 'label': .*--text-column"),
        ("text,kind\ngood,1\n", r"there is no label column; the columns are 'text', 'kind': .*--label-column"),
        ("\n\n", "there is no text column"),
    ],
)
def test_faulty_csv_is_refused_with_its_place(tmp_path, content, expected):
    with pytest.raises(InputError, match=expected) as caught:
        read_csv(tmp_path, content)
    assert str(caught.value).startswith(str(tmp_path / "reviews.csv"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"text": "a", "label": 1}\n{"text": "b" "label": 0}\n', "line 2: not JSON"),
        ('[{"text": "a", "label": 1},\n{"text": "b" "label": 0}]', "line 2: not JSON"),
        ('{"text": "a", "label": 1}\n["b", 0]\n', r"row 2 \(line 2\): expected an object"),
        ('{"text": "a", "label": 1}\n\n{"text": "b"}\n', r"row 2 \(line 3\): there is no column 'label'"),
        ('[{"text": "a", "label": 1}, {"text": "b"}]', "row 2: there is no column 'label'"),
        ('{"text": "a", "label": 1}\n{"text": 5, "label": 0}\n', r"row 2 \(line 2\), column 'text': int is no text"),
        ('{"text": "a", "label": {"a": 1}}\n', r"row 1 \(line 1\), column 'label': dict is no class"),
        ("[]", "there are no rows"),
        ("\n", "there are no rows"),
    ],
)
def test_faulty_json_is_refused_with_its_place(tmp_path, content, expected):
    with pytest.raises(InputError, match=expected) as caught:
        read_csv(tmp_path, content, ".jsonl")
    assert str(caught.value).startswith(str(tmp_path / "reviews.jsonl"))
    assert "\n" not in str(caught.value)


def test_json_labels_of_any_scalar_type_are_read(tmp_path):
    content = "".join(json.dumps({"text": "a", "label": label}) + "\n" for label in (1, 1.5, True, None, "pos"))
    assert read_csv(tmp_path, content, ".jsonl").labels.to_pylist() == ["1", "1.5", "true", None, "pos"]


def test_columns_that_are_not_read_may_have_any_type(tmp_path):
    kinds = {"text": pa.string(), "label": pa.int64(), "more": pa.map_(pa.string(), pa.int64())}
    rows = [{"text": "a", "label": 1, "more": [("x", 1)]}]
    pq.write_table(pa.Table.from_pylist(rows, pa.schema(list(kinds.items()))), tmp_path / "a.parquet")
    assert read_file(tmp_path / "a.parquet", Columns()).labels.to_pylist() == ["1"]
    with pytest.raises(InputError, match=r"a\.parquet, column 'more': holds map<"):
        read_file(tmp_path / "a.parquet", Columns(label="more"))


@pytest.mark.parametrize(
    "note",
    [
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"info": {"features": [1]}}',
        b'{"info": {"features": {"label": {"_type": "os.system"}}}}',
        b'{"info": {"features": {"label": {"_type": "ClassLabel", "names": ["a", "a"]}}}}',
    ],
)
def test_a_damaged_note_of_classes_is_told_in_one_line(tmp_path, note):
    table = pa.table({"text": ["a"], "label": [1]}).replace_schema_metadata({"huggingface": note})
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"a\.parquet: the types of its columns can't be read \(") as raised:
        read_file(tmp_path / "a.parquet", Columns())
    assert len(str(raised.value)) < 500


@pytest.mark.parametrize(
    "labels",
    [
        pa.array([b"a", b"b"], pa.binary(1)),
        pa.array([b"a", b"b"]).dictionary_encode(),
        pa.array([0, 1], pa.date32()).dictionary_encode(),
        pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"a" * 16, b"b" * 16], pa.binary(16))),
    ],
    ids=lambda labels: str(labels.type),
)
def test_what_is_no_class_is_none_however_it_is_stored(tmp_path, labels):
    table = pa.table({"text": ["a", "b"], "label": labels})
    with pa.ipc.new_file(str(tmp_path / "a.arrow"), table.schema) as file:
        file.write_table(table)
    with pytest.raises(InputError, match=r"a\.arrow, column 'label': holds .* values, but each row needs one class"):
        read_file(tmp_path / "a.arrow", Columns())
