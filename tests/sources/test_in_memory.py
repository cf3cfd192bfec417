"""Rows that a program holds in memory, in every form that is taken; files and the Hub are in tests/data/loading."""

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch

from hf_lstm.config import DataConfig
from hf_lstm.data.loading import load_split, load_splits
from hf_lstm.errors import InputError
from hf_lstm.rows.columns import Columns
from hf_lstm.sources.in_memory import InMemorySplits, resolve_source
from hf_lstm.sources.label_feature import Labels

TEXTS = [f"film {i}" for i in range(40)]
LABELS = ["good" if i % 2 else "bad" for i in range(40)]
NUMBERS = [i % 2 for i in range(40)]
NAMES = datasets.ClassLabel(names=["bad", "good"])
FRAME = pd.DataFrame({"review": TEXTS, "mood": LABELS, "stars": range(40)})
DATASET = datasets.Dataset.from_dict(
    {"text": TEXTS, "label": NUMBERS},
    features=datasets.Features({"text": datasets.Value("string"), "label": NAMES}),
)
FORMS = {
    "pair": (TEXTS, LABELS),
    "list of two": [TEXTS, LABELS],
    "numpy": (np.array(TEXTS), np.array(LABELS)),
    "pandas columns": (FRAME["review"], FRAME["mood"]),
    "Arrow columns": (pa.chunked_array([TEXTS[:7], TEXTS[7:]]), pa.array(LABELS)),
    "data frame": FRAME.rename(columns={"mood": "label"}),
    "shuffled data frame": FRAME.rename(columns={"mood": "label"}).sample(frac=1, random_state=0),
    "categories": FRAME.assign(label=FRAME["mood"].astype("category")),
    "data set": DATASET,
    "data set with indices": DATASET.shuffle(seed=0),
    "a part of a data set": DATASET.add_item({"text": "no film", "label": 0}).select(range(40)),
}


def rows_of(splits):
    names = splits["train"].features["label"].names
    rows = [(row["text"], names[row["label"]]) for part in splits.values() for row in part]
    return sorted(rows)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_rows(form):
    splits = load_splits(DataConfig(), resolve_source(FORMS[form]))
    assert rows_of(splits) == sorted(zip(TEXTS, LABELS, strict=True))
    assert set(splits) == {"train", "validation", "test"}


def test_numbers_are_classes_too():
    for labels in (NUMBERS, np.array(NUMBERS), torch.tensor(NUMBERS)):
        splits = load_splits(DataConfig(), resolve_source((TEXTS, labels)))
        assert splits["train"].features["label"].names == ["0", "1"]
        assert [text for text, name in rows_of(splits) if name == "1"] == sorted(TEXTS[1::2])


def test_a_table_or_matrix_of_one_column_is_that_column():
    pairs = [(FRAME[["review"]], FRAME[["mood"]]), (np.array([TEXTS]).T, np.array([LABELS]).T)]
    for pair in pairs:
        assert rows_of(load_splits(DataConfig(), resolve_source(pair))) == sorted(zip(TEXTS, LABELS, strict=True))
    with pytest.raises(InputError, match="train rows have texts in 0 columns; expected one"):
        resolve_source((FRAME[[]], FRAME["mood"]))
    with pytest.raises(InputError, match="train rows have texts in 3 columns; expected one"):
        resolve_source((FRAME, LABELS))


def test_columns_are_named():
    frame = FRAME.assign(text="not this", label=7)
    splits = load_splits(DataConfig(text_column="review", label_column="mood"), resolve_source(frame))
    assert rows_of(splits) == sorted(zip(TEXTS, LABELS, strict=True))


def test_the_splits_of_a_dataset_dict_are_taken_as_they_are():
    parts = datasets.DatasetDict(
        {"train": DATASET.select(range(20)), "test": DATASET.select(range(20, 40)), "unsupervised": DATASET}
    )
    splits = load_splits(DataConfig(), resolve_source(parts))
    assert splits["test"]["text"][:] == TEXTS[20:]
    assert sorted([*splits["train"]["text"], *splits["validation"]["text"]]) == sorted(TEXTS[:20])


def test_splits_may_be_given_apart_and_as_files(tmp_path):
    FRAME[30:].rename(columns={"mood": "label"}).to_csv(tmp_path / "test.csv", index=False)
    source = resolve_source(
        (TEXTS[:20], LABELS[:20]), validation=DATASET.select(range(20, 30)), test=tmp_path / "test.csv"
    )
    splits = load_splits(DataConfig(), source)
    assert [splits[name]["text"][:] for name in splits] == [TEXTS[:20], TEXTS[20:30], TEXTS[30:]]
    assert splits["test"].features["label"].names == ["bad", "good"]


def test_what_can_be_read_again_by_its_name_stays_a_name(tmp_path):
    assert resolve_source("sample") == "sample"
    assert resolve_source(tmp_path / "a.csv") == str(tmp_path / "a.csv")


def test_the_same_rows_have_the_same_fingerprint_and_others_another():
    first, again, other = (
        load_splits(DataConfig(), resolve_source((texts, LABELS)))["train"]._fingerprint
        for texts in (TEXTS, list(TEXTS), TEXTS[::-1])
    )
    assert first == again != other


def test_rows_to_measure_are_taken_whole_with_the_models_labels():
    rows = load_split(resolve_source((TEXTS, LABELS)), "test", columns=Columns(), labels=Labels(("bad", "good")))
    assert (rows["text"][:], rows["label"][:]) == (TEXTS, NUMBERS)
    with pytest.raises(InputError, match="label 'bad' is none of the model's"):
        load_split(resolve_source((TEXTS, LABELS)), "test", labels=Labels(("neg", "pos", "so-so")))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, r"train rows are NoneType, expected a path, a list of paths, a Hub id, a pandas"),
        (5, r"train rows are int, expected"),
        (("a film", "good"), r"train rows are tuple, expected"),
        ((TEXTS, LABELS, LABELS), r"train rows are tuple, expected"),
        ((TEXTS, LABELS[:3]), r"train rows are 40 texts and 3 labels; expected as many of both"),
        ((["a", None], [0, 1]), r"train, row 2: the text is NoneType, expected a string"),
        (([b"a", "b"], [0, 1]), r"train, row 1: the text is bytes, expected a string"),
        ((["a", "b"], [0, None]), r"train, row 2, column 'label': there is no label"),
        (
            (["a", "b"], [[0.0], [1.0]]),
            r"column 'label': holds lists of double; expected lists of names or ids; of lists",
        ),
        ((["a", "b"], [0, "pos"]), r"train rows have labels of the types int, str; expected one type"),
        ((["a", "b"], ["pos", float("nan")]), r"train, row 2, column 'label': there is no label"),
        (({"a", "b"}, [0, 1]), r"train rows are tuple, expected"),
        ((["a", "b"], None), r"train rows are tuple, expected"),
        (" ", r"the name of the train rows is empty; expected a path"),
        (FRAME[["review", "mood"]], r"train: there is no label column; the columns are 'review', 'mood'"),
        (pd.DataFrame([["a", 0, 1]], columns=["text", "label", "label"]), "can't be read as a table: Duplicate column"),
        (FRAME.assign(label=LABELS, review=FRAME["review"].where(FRAME.index != 7)), r"row 8, column 'review'"),
        (datasets.DatasetDict(), "the splits of the DatasetDict are none; expected train"),
        (datasets.DatasetDict({"dev": DATASET}), "the splits of the DatasetDict are dev; expected train"),
        (([], []), "there are no rows"),
        (pd.DataFrame({"text": [], "label": []}), "train: there are no rows; expected texts and their labels"),
    ],
)
def test_what_can_not_be_rows_is_refused_in_one_line(data, message):
    with pytest.raises(InputError, match=message) as caught:
        load_splits(DataConfig(), resolve_source(data))
    assert "\n" not in str(caught.value)


def test_a_file_beside_other_splits_must_be_there():
    with pytest.raises(InputError, match=r"test rows 'none\.csv': there is no such file"):
        resolve_source((TEXTS, LABELS), test="none.csv")
    assert isinstance(resolve_source((TEXTS, LABELS)), InMemorySplits)


@pytest.mark.parametrize(("text", "shown"), [(float("nan"), "NaN"), (None, "NoneType"), (3.5, "float")])
def test_a_text_that_is_missing_is_told_with_its_row(text, shown):
    with pytest.raises(InputError, match=f"train, row 2: the text is {shown}, expected a string; drop the row"):
        resolve_source((["good", text], ["x", "y"]))
