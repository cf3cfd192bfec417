"""What a file of typed columns holds is looked at before it is trusted: damage is one line, and no crash."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hf_lstm.errors import InputError
from hf_lstm.rows.columns import Columns
from hf_lstm.rows.readers import read_file
from hf_lstm.rows.texts import read_texts

WRONG = 1_500
"""In the second batch of a Parquet file."""


def write(path, table):
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        with pa.ipc.new_file(str(path), table.schema) as file:
            file.write_table(table)


def read_both(path):
    told = set()
    for read in (lambda: read_file(path, Columns()), lambda: list(read_texts(path))):
        with pytest.raises(InputError) as raised:
            read()
        told.add(str(raised.value))
    (message,) = told
    return message


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
)
def test_string_in_another_encoding_is_named(tmp_path, suffix, kind):
    texts = [b"caf\xc3\xa9"] * WRONG + [b"caf\xe9", b"tea"]
    plain = pa.array(texts).view(pa.string())
    column = plain.dictionary_encode() if pa.types.is_dictionary(kind) else plain.cast(kind, safe=False)
    path = tmp_path / f"a{suffix}"
    write(path, pa.table({"text": column, "label": ["neg", "pos"] * (len(texts) // 2)}))
    is_seen_early = pa.types.is_dictionary(kind) and suffix == ".parquet"  # the first batch has all words
    where = path if is_seen_early else f"{path}, row {WRONG + 1}"
    assert read_both(path) == (
        f"{where}, column 'text': not UTF-8 (byte 0xe9 at position 4 of a text), as strings of such a file must be; "
        "write it anew with strings of Unicode"
    )


@pytest.mark.parametrize("is_dictionary", [False, True])
def test_offset_outside_the_file_is_damage(tmp_path, is_dictionary):
    offsets = pa.array([0, 2**30, 4], pa.int32()).buffers()[1]
    texts = pa.StringArray.from_buffers(2, offsets, pa.py_buffer(b"good"))
    column = pa.DictionaryArray.from_arrays(pa.array([0, 1]), texts) if is_dictionary else texts
    path = tmp_path / "a.arrow"
    write(path, pa.table({"text": column, "label": ["neg", "pos"]}))
    message = read_both(path)
    assert message.startswith(f"{path}: can't be read as Arrow (")
    assert message.endswith("; get the file anew")


def test_index_of_no_value_is_damage(tmp_path):
    column = pa.DictionaryArray.from_arrays(pa.array([0, 99]), pa.array(["good"]), safe=False)
    path = tmp_path / "a.arrow"
    write(path, pa.table({"text": column, "label": ["neg", "pos"]}))
    assert "can't be read as Arrow" in read_both(path)
