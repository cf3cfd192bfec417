import io
import json
import pathlib
import tracemalloc
from typing import NamedTuple

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from hf_lstm.encoding.text_rows import iterate_rows
from hf_lstm.errors import InputError

TEXTS = ["a great film", "dull", "a waste of time"]
FRAME = pd.DataFrame({"text": TEXTS, "label": [1, 0, 0]})
ROWS = datasets.Dataset.from_dict({"text": TEXTS})

REFUSED = [
    (FRAME, 'pass the texts, as in df["text"]'),
    (FRAME[["text"]].rename(columns={"text": "Kritik"}), 'as in df["Kritik"]'),
    ({"text": TEXTS}, 'as in rows["text"]'),
    (ROWS, 'as in df["text"]'),
    (datasets.DatasetDict(test=ROWS), 'as in rows["test"]["text"]'),
    (ROWS.to_iterable_dataset(), 'as in df["text"]'),
    (pa.table({"text": TEXTS}), 'as in df["text"]'),
    (pd.Series({"text": "a film", "label": "pos"}), 'as in df["text"]'),
    (NamedTuple("Row", [("text", str), ("label", str)])("a film", "pos"), "a row with the fields text, label"),
    (set(TEXTS), "no order"),
    (frozenset(TEXTS), "no order"),
    (FRAME.to_numpy(), "2 dimensions"),
    (pathlib.Path("texts.txt"), "a path"),
    (io.StringIO("a film\n"), "an open file"),
    (io.BytesIO(b"a film\n"), "an open file"),
    (b"a film", "expected a string or an iterable of strings"),
    (memoryview(b"a film"), "expected a string or an iterable of strings"),
    ({"text": "a film"}.items(), "row 0 is tuple, expected a string"),
]
ALLOWED = [
    tuple(TEXTS),
    FRAME["text"],
    FRAME["text"].astype("category"),
    pd.Index(TEXTS),
    np.array(TEXTS),
    np.array(TEXTS, dtype=object),
    pa.array(TEXTS),
    pa.chunked_array([TEXTS[:1], TEXTS[1:]]),
    ROWS["text"],
    dict(enumerate(TEXTS)).values(),
]


@pytest.mark.parametrize(("container", "said"), REFUSED, ids=lambda value: type(value).__name__)
def test_what_gives_no_rows_is_refused_in_one_line(tiny_model, container, said):
    for method in (tiny_model.predict, tiny_model.predict_proba, tiny_model.encode):
        with pytest.raises(InputError) as error:
            method(container)
        assert said in str(error.value)
        assert "\n" not in str(error.value)
    with pytest.raises(InputError, match="expected a string"):
        tiny_model.explain(container)


@pytest.mark.parametrize("container", ALLOWED, ids=lambda value: type(value).__name__)
def test_columns_of_any_library_are_rows(tiny_model, container):
    expected = tiny_model.predict(TEXTS)
    assert json.dumps(tiny_model.predict(container)) == json.dumps(expected)
    assert [row.tolist() for row in tiny_model.encode(container)] == [row.tolist() for row in tiny_model.encode(TEXTS)]


@pytest.mark.parametrize("cut", [0, 3, 1_500])
def test_arrow_columns_are_read_some_rows_at_a_time(cut):
    texts = [*(f"film {number}" for number in range(5_000)), None]
    column = pa.chunked_array([texts[:1_700], texts[1_700:]]).slice(cut)
    rows = iterate_rows(column)
    assert len(rows) == len(column)
    assert list(rows) == list(rows) == texts[cut:]
    tracemalloc.start()
    assert next(iter(rows)) == texts[cut]
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 100 * len(texts) / 2  # a string takes 50 bytes, and its place in a list 8


def test_an_arrow_column_that_is_not_utf8_is_refused():
    offsets = pa.array([0, 1, 2], pa.int32()).buffers()[1]
    column = pa.StringArray.from_buffers(2, offsets, pa.py_buffer(b"a\xff"))
    with pytest.raises(InputError, match=r"^a text of rows 0 to \d+ is not UTF-8 \(invalid start byte\)"):
        list(iterate_rows(column))


def test_generators_are_rows(tiny_model):
    assert tiny_model.predict(text for text in TEXTS) == tiny_model.predict(TEXTS)
