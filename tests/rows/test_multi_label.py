"""Rows with any number of labels: all ways to write them mean the same, and what can't be meant is refused."""

import csv
import dataclasses
import json

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from topic_rows import TOPICS, make_rows

from hf_lstm import InputError
from hf_lstm.config import DataConfig
from hf_lstm.config.train import AUTO
from hf_lstm.data.digests import hash_rows
from hf_lstm.data.loading import load_split, load_splits
from hf_lstm.rows.columns import Columns
from hf_lstm.rows.labels import LabeledTable
from hf_lstm.rows.multi_label import LISTS, find_separator, join_indicators, split_cells
from hf_lstm.sources.in_memory import resolve_source
from hf_lstm.sources.label_feature import Labels, list_strata, read_labels

TEXTS, LABELS = make_rows(40)
SORTED = sorted(TOPICS)


def write_csv(path, header, rows):
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *rows])
    return str(path)


def write_cells(path, join, header=("text", "labels")):
    return write_csv(path, header, [[text, join(labels)] for text, labels in zip(TEXTS, LABELS, strict=True)])


def write_jsonl(path, join=list):
    lines = [json.dumps({"text": text, "labels": join(of)}) for text, of in zip(TEXTS, LABELS, strict=True)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def write_parquet(path, labels):
    pq.write_table(pa.table({"text": TEXTS, "labels": labels}), path)
    return str(path)


def build_dataset():
    names = datasets.List(datasets.ClassLabel(names=SORTED))
    features = datasets.Features(text=datasets.Value("string"), label=names)
    return datasets.Dataset.from_dict(
        {"text": TEXTS, "label": [list(map(SORTED.index, of)) for of in LABELS]}, features
    )


@pytest.mark.parametrize("kind", [int, float])
def test_marks_for_and_against_two_labels_are_no_labels(tmp_path, kind):
    lines = [json.dumps({"text": f"{i}", "label": [kind(i % 2), kind(1 - i % 2)]}) for i in range(8)]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    with pytest.raises(InputError, match="column 'label': each list holds 0 and 1, for and against two labels"):
        load_split(str(tmp_path / "rows.jsonl"), "train")
    marks = np.array([[i % 2, 1 - i % 2] for i in range(8)])
    with pytest.raises(InputError, match=r"train rows have labels in 2 columns; .* as of labels.argmax\(axis=1\)"):
        resolve_source(([str(i) for i in range(8)], marks))


def test_a_single_column_of_classes_is_one_class_each():
    rows = load_split(resolve_source(([str(i) for i in range(8)], np.array([[0], [1]] * 4))), "train")
    assert Labels.of_rows(rows) == Labels(("0", "1"))


SOURCES = {
    "a cell with |": lambda folder: write_cells(folder / "rows.csv", "|".join),
    "a cell with | and blanks": lambda folder: write_cells(folder / "rows.csv", " | ".join),
    "lists as pandas writes them": lambda folder: write_cells(folder / "rows.csv", str),
    "lists as JSON in a cell": lambda folder: write_cells(folder / "rows.csv", json.dumps),
    "lists of JSON Lines": lambda folder: write_jsonl(folder / "rows.jsonl"),
    "| in JSON Lines": lambda folder: write_jsonl(folder / "rows.jsonl", "|".join),
    "lists of Parquet": lambda folder: write_parquet(folder / "rows.parquet", LABELS),
    "large lists of Parquet": lambda folder: write_parquet(
        folder / "rows.parquet", pa.array(LABELS, pa.large_list(pa.large_string()))
    ),
    "a frame": lambda folder: pd.DataFrame({"text": TEXTS, "labels": LABELS}),
    "a pair": lambda folder: (TEXTS, LABELS),
    "a data set with the names of ids": lambda folder: build_dataset(),
}


@pytest.mark.parametrize("name", SOURCES)
def test_all_ways_to_write_labels_mean_the_same(tmp_path, name):
    rows = load_split(resolve_source(SOURCES[name](tmp_path)), "train")
    assert Labels.of_rows(rows) == Labels(tuple(SORTED), is_multi=True)
    assert rows["text"][:] == TEXTS
    assert [[SORTED[index] for index in ids] for ids in rows["label"][:]] == LABELS
    assert read_labels(rows).tolist() == [[int(topic in of) for topic in SORTED] for of in LABELS]


@pytest.mark.parametrize("values", [(1, 0), ("1", "0"), ("1.0", "0.0"), (True, False)])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_columns_of_zeros_and_ones_keep_their_order(tmp_path, values, kind):
    columns = {topic: [values[topic not in of] for of in LABELS] for topic in TOPICS}
    frame = pd.DataFrame({"text": TEXTS, **columns})
    source = str(tmp_path / f"rows.{kind}")
    frame.to_csv(source, index=False) if kind == "csv" else frame.to_parquet(source)
    rows = load_split(source, "train", columns=Columns(label=", ".join(TOPICS)))
    assert Labels.of_rows(rows) == Labels(tuple(TOPICS), is_multi=True)
    assert read_labels(rows).tolist() == [[int(topic in of) for topic in TOPICS] for of in LABELS]


def test_a_separator_can_be_named_or_refused(tmp_path):
    source = write_cells(tmp_path / "rows.csv", ";".join)
    rows = load_split(source, "train", label_separator=";")
    assert Labels.of_rows(rows) == Labels(tuple(SORTED), is_multi=True)
    one = write_csv(tmp_path / "one.csv", ["text", "label"], [["a", "x|y"], ["b", "z"], ["c", "x|y"]])
    assert Labels.of_rows(load_split(one, "train", label_separator=None)) == Labels(("x|y", "z"))


@pytest.mark.parametrize(
    ("cells", "is_multi"),
    [
        (["x|y", "z", "x|y"], False),
        (["x|y", "z|w", "v"], False),
        (["x|y", "x | y", "z"], False),
        (["x|y", "y"], True),
        (["x|y", "y|z"], True),
        (["x|y", "y|x"], True),
        (["x|y", ' ["y"]', ""], True),
    ],
)
def test_cells_have_several_labels_where_two_share_one(tmp_path, caplog, cells, is_multi):
    rows = [[f"text {number}", cell] for number, cell in enumerate(cells)]
    source = write_csv(tmp_path / "rows.csv", ["text", "label"], rows)
    for _ in range(2):  # then from the cache
        caplog.clear()
        assert Labels.of_rows(load_split(source, "train")).is_multi == is_multi
        assert ("texts may have any number of labels, as | stands" in caplog.text) == is_multi
        assert ("'x|y' is one class, as no other has a part of it" in caplog.text) == (not is_multi)


def test_files_of_blank_cells_are_labeled_by_nobody(tmp_path):
    """They are not measured as texts that have none of the labels."""
    folder = tmp_path / "rows"
    folder.mkdir()
    write_cells(folder / "train.csv", "|".join)
    write_csv(folder / "test.csv", ["text", "labels"], [[f"new {text}", " "] for text in TEXTS])
    splits = load_splits(DataConfig(dataset=str(folder)))
    assert set(splits["test"]["text"][:]) <= set(TEXTS)
    with pytest.raises(InputError, match="no row has a label; choose another split or file"):
        load_split(str(folder / "test.csv"), "test", labels=Labels(tuple(SORTED), is_multi=True))


@pytest.mark.parametrize("values", [(1, 0), ("true", "false")])
@pytest.mark.parametrize("topics", [SORTED[-1:], SORTED[:2]])
def test_what_columns_leave_out_is_not_known(tmp_path, topics, values):
    """Nor are the numbers of a single column class ids."""
    rows = [[f"text {row}", *[values[row % 2]] * len(topics)] for row in range(6)]
    source = write_csv(tmp_path / "rows.csv", ["text", *topics], rows)
    missing = ", ".join(repr(topic) for topic in SORTED if topic not in topics)
    with pytest.raises(InputError, match=f"but none is of {missing}; name the columns of all") as caught:
        load_split(source, "test", columns=Columns(label=",".join(topics)), labels=Labels(tuple(SORTED), is_multi=True))
    assert "\n" not in str(caught.value)


def test_a_model_of_one_label_reads_no_separator(tmp_path):
    source = write_csv(tmp_path / "one.csv", ["text", "label"], [["a", "x|y"], ["b", "z"]])
    rows = load_split(source, "test", labels=Labels(("x|y", "z")))
    assert rows["label"][:] == [0, 1]
    with pytest.raises(InputError, match=r"row 1.*label 'x\|y' is none of the model's"):
        load_split(source, "test", labels=Labels(("x", "z")))


def test_a_model_of_any_number_reads_rows_with_one_each(tmp_path):
    source = write_csv(tmp_path / "one.csv", ["text", "label"], [["a", "z"], ["b", ""]])
    assert load_split(source, "test", labels=Labels(("x", "z"), is_multi=True))["label"][:] == [[1], []]


@pytest.mark.parametrize(
    ("header", "rows", "columns", "expected"),
    [
        (
            ["text", "a", "b"],
            [["x", 1, 0], ["y", 2, 0]],
            "a,b",
            r"row 2 \(line 3\), column 'a': '2' is neither 0 nor 1",
        ),
        (["text", "a", "b"], [["x", 1, 0], ["y", 1, ""]], "a,b", r"row 2 \(line 3\), column 'b': '' is neither 0 nor"),
        (
            ["text", "a", "b"],
            [["x", 1, 0], ["z", 0, 1], ["y", -1, -1]],
            "a,b",
            r"row 3 \(line 4\), column 'a,b': nothing says which",
        ),
        (["text", "a", "b"], [["x", 1, 0]], "a,c", "there is no column 'c'"),
        (["text", "a", "b"], [["x", 1, 0]], "a,a", "label column 'a' is named twice"),
        (["text", "a", "b"], [["x", 1, 0]], ", ,", "no label column is named by ', ,'"),
        (["text", "a", "b"], [["x", 1, 0]], "a,text", "both read from column 'text'"),
        (["text", "a", "b"], [["x", 1, 0], ["y", 1, 0]], "a,b", "texts have no other label than 'a'"),
        (["text", "label"], [["x", "a|B"], ["y", "b|a"]], None, "labels 'B' and 'b' differ in case alone"),
        (
            ["text", "label"],
            [["x", "a|a"], ["y", "b|a"]],
            None,
            r"row 1 \(line 2\), column 'label': a label stands twice",
        ),
    ],
)
def test_what_can_not_be_meant_is_refused_in_one_line(tmp_path, header, rows, columns, expected):
    source = write_csv(tmp_path / "rows.csv", header, rows)
    with pytest.raises(InputError, match=expected) as caught:
        load_split(source, "train", columns=Columns(label=columns))
    assert "\n" not in str(caught.value)


def test_a_split_that_nobody_labeled_is_left_out(tmp_path):
    for split, marks in (("train", [[1, 0], [0, 1], [0, 0]] * 8), ("test", [[-1, -1]] * 3)):
        rows = [[f"{split} text {number}", *of_row] for number, of_row in enumerate(marks)]
        write_csv(tmp_path / f"{split}.csv", ["text", "a", "b"], rows)
    splits = load_splits(DataConfig(dataset=str(tmp_path), label_column="a,b"))
    assert {split: len(part) for split, part in splits.items()} == {"train": 17, "validation": 4, "test": 3}
    assert all(text.startswith("train") for text in splits["test"]["text"][:])


def test_splits_have_every_label_and_the_hash_knows_them():
    texts, labels = make_rows(120, seed=1)
    labels[:3] = [["rare"], ["rare", "sport"], ["rare"]]
    splits = load_splits(DataConfig(dataset="memory", validation_fraction=0.1), resolve_source((texts, labels)))
    for rows in splits.values():
        assert read_labels(rows).any(axis=0).all()
    strata = list_strata(splits["train"])
    names = Labels.of_rows(splits["train"]).names
    assert names[strata[read_labels(splits["train"])[:, names.index("rare")] == 1][0]] == "rare"
    assert (strata[~read_labels(splits["train"]).any(axis=1)] == len(names)).all()
    changed = [*labels[:-1], sorted({*labels[-1], "rare"})]
    others = load_splits(DataConfig(dataset="memory", validation_fraction=0.1), resolve_source((texts, changed)))
    assert hash_rows(others) != hash_rows(splits)


PARTS = st.lists(st.text("ab c[]'\"", min_size=1).filter(str.strip), unique_by=str.strip)


@given(st.lists(PARTS))
def test_cells_are_split_into_what_was_joined(rows):
    rows = [[part for part in of_row if not part.strip().startswith("[")] for of_row in rows]
    cells = pa.chunked_array([pa.array(["|".join(of_row) for of_row in rows], pa.string())])
    split = split_cells(LabeledTable("rows", cells, cells, "text", "label"), "|")
    assert split.labels.type == LISTS
    assert split.labels.to_pylist() == rows


@pytest.mark.parametrize(("wanted", "found"), [(AUTO, "|"), (";", ";")])
def test_beside_lists_cells_are_split_at_what_is_wanted(wanted, found):
    lists = pa.chunked_array([pa.array([["a", "b"]], LISTS)])
    assert find_separator([LabeledTable("rows", lists, lists, "text", "label")], wanted) == (found, [])


def test_lists_are_refused_where_each_text_is_said_to_have_one_class():
    frame = pd.DataFrame({"text": ["one", "two", "three"] * 20, "label": [["a"], ["b"], ["a", "b"]] * 20})
    frame["text"] += frame.index.astype(str)
    frame["a"], frame["b"] = [1, 0, 1] * 20, [0, 1, 1] * 20
    for config in (DataConfig(label_separator=None), DataConfig(label_separator=None, label_column="a,b")):
        config = dataclasses.replace(config, dataset="memory")
        with pytest.raises(InputError, match=r"any number of labels, but data\.label_separator is none") as caught:
            load_splits(config, resolve_source(frame))
        assert "\n" not in str(caught.value)


def test_a_row_that_nobody_labeled_may_stand_among_others():
    texts = pa.chunked_array([pa.array(["one", "two", "three"])])
    table = join_indicators(
        {"a": ["1", "-1", "0"], "b": ["0", None, "1"]}, LabeledTable("rows", texts, texts, "text", "a,b")
    )
    assert table.labels.to_pylist() == [["a"], None, ["b"]]
