"""Labels as people write them become the class ids that were meant, or one error that names the row."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_lstm.errors import InputError
from hf_lstm.rows.columns import Columns, find_columns
from hf_lstm.rows.labels import LabeledTable, LabelMap


def make_table(labels, class_names=None):
    texts = pa.chunked_array([["text"] * len(labels)])
    return LabeledTable("data.csv", texts, pa.chunked_array([pa.array(labels, pa.string())]), "t", "y", class_names)


@pytest.mark.parametrize(
    ("labels", "names", "ids"),
    [
        (["positive", "negative", "positive"], ("negative", "positive"), [1, 0, 1]),
        (["pos", "neg"], ("neg", "pos"), [1, 0]),
        (["Positive", "negative"], ("negative", "Positive"), [1, 0]),
        (["1", "0"], ("0", "1"), [1, 0]),
        (["10", "2", "1"], ("1", "2", "10"), [2, 1, 0]),
        (["4", "0"], ("0", "4"), [1, 0]),
        (["1.0", "0.0", " 1 "], ("0", "1"), [1, 0, 1]),
        (["sports", "world", "business"], ("business", "sports", "world"), [1, 2, 0]),
        (["True", "False"], ("False", "True"), [1, 0]),
        (["1", "-1", "0"], ("-1", "0", "1"), [2, 0, 1]),
        (["-1.0", "1.0", "-1"], ("-1", "1"), [0, 1, 0]),
        (["001", "2", "01", "1"], ("1", "01", "001", "2"), [2, 3, 1, 0]),
        (["10", "9.5", "0.5"], ("0.5", "9.5", "10"), [2, 1, 0]),
        (["+1", "-1"], ("-1", "+1"), [1, 0]),
        (["9" * 5_000, "1"], ("1", "9" * 5_000), [1, 0]),
        (["thé", "the\u0301", "cafe\u0301"], ("café", "thé"), [1, 1, 0]),
    ],
)
def test_classes_are_inferred_and_encoded(labels, names, ids):
    table = make_table(labels)
    label_map = LabelMap.from_tables([table])
    assert label_map.names == names
    assert label_map.encode(table).to_pylist() == ids


def test_the_order_of_the_source_is_kept():
    table = make_table(["pos", "neg"], class_names=["pos", "neg", "neutral"])
    label_map = LabelMap.from_tables([table])
    assert label_map.names == ("pos", "neg", "neutral")
    assert label_map.encode(table).to_pylist() == [0, 1]
    with pytest.raises(InputError, match=r"row 1, column 'y': label 'neutral' is none of the classes of the training"):
        label_map.encode(make_table(["neutral"]))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["1", None, "0"], r"data\.csv, row 2, column 'y': there is no label"),
        (["1", "0", " "], r"data\.csv, row 3, column 'y': there is no label"),
        (["1", "1"], r"data\.csv, column 'y': all 2 labels are '1'; training needs rows of at least two classes"),
        ([f"a text {i}" for i in range(30)], r"data\.csv, column 'y': 30 different labels in 30 rows are no classes"),
    ],
)
def test_labels_that_cannot_be_classes_are_refused(labels, expected):
    with pytest.raises(InputError, match=expected):
        LabelMap.from_tables([make_table(labels)])


def test_many_labels_are_classes_if_each_has_two_rows():
    names = [f"class {i}" for i in range(10, 40)]
    assert LabelMap.from_tables([make_table(names * 2)]).names == tuple(names)


@pytest.mark.parametrize(
    ("first", "other", "difference"),
    [
        ("positive  ly", "positive ly", "white space or hidden characters"),
        ("positive  ly", "positive\N{NO-BREAK SPACE}\u200bly", "white space or hidden characters"),
        ("positive  ly", "Positive  Ly", "case"),
        ("straße", "STRASSE", "case"),
        ("1", "\N{FULLWIDTH DIGIT ONE}", "the form of characters"),
        ("film", "\N{LATIN SMALL LIGATURE FI}lm", "the form of characters"),
    ],
)
def test_labels_that_look_alike_are_refused(first, other, difference):
    with pytest.raises(InputError, match=f"data\\.csv, column 'y': labels .* differ in {difference} alone"):
        LabelMap.from_tables([make_table([first, other, "neg"])])


@pytest.mark.parametrize("mark", ["-1", "NA", "None", "<NA>", "?", None, ""])
def test_marks_of_a_missing_label_are_none_unless_they_are_classes(mark):
    assert LabelMap.from_model(["neg", "pos"]).is_unlabeled([make_table([mark, mark])])
    assert not LabelMap.from_model(["neg", "pos"]).is_unlabeled([make_table([mark, "neg"])])
    assert not LabelMap.from_model(["UK", mark or "FR"]).is_unlabeled([make_table([mark or "FR", mark])])


def test_one_name_in_two_forms_is_one_class():
    names = ["caf\u00e9", "the\u0301"]
    assert LabelMap.from_tables([make_table(names, class_names=names)]).names == ("café", "thé")
    assert LabelMap.from_model(names).encode(make_table(["cafe\u0301", "th\u00e9"])).to_pylist() == [0, 1]
    with pytest.raises(InputError, match="two classes have one name"):
        LabelMap.from_tables([make_table(["a", "b"], class_names=["a", "b", "é", "e\u0301"])])


@pytest.mark.parametrize(
    ("names", "labels", "ids"),
    [
        (("neg", "pos"), ["0", "1", "neg", "pos", "negative", "positive", "Negative", "POS"], [0, 1, 0, 1, 0, 1, 0, 1]),
        (("Negative", "Positive"), ["negative", "pos", "NEG", "1"], [0, 1, 0, 1]),
        (("pos", "neg"), ["0", "negative"], [0, 1]),
        (("1", "2", "3"), ["1", "3", "2.0"], [0, 2, 1]),
        (("a", "b", "c"), ["2", "a"], [2, 0]),
    ],
)
def test_data_may_call_a_models_labels_by_name_id_or_synonym(names, labels, ids):
    assert LabelMap.from_model(names).encode(make_table(labels)).to_pylist() == ids


@pytest.mark.parametrize(("names", "label"), [(("neg", "pos"), "2"), (("1", "2"), "0"), (("a", "b", "c"), "positive")])
def test_labels_that_a_model_does_not_know_are_refused(names, label):
    with pytest.raises(InputError, match=rf"row 2, column 'y': label '{label}' is none of the model's: '{names[0]}'"):
        LabelMap.from_model(names).encode(make_table([names[0], label]))


@given(st.lists(st.sampled_from(["a", "b", "c", "10", "9"]), min_size=5, max_size=50))
def test_encoding_loses_nothing(labels):
    table = make_table([*labels, "a", "b"])
    label_map = LabelMap.from_tables([table])
    assert [label_map.names[index] for index in label_map.encode(table).to_pylist()] == table.labels.to_pylist()


@pytest.mark.parametrize(
    ("columns", "wanted", "found"),
    [
        (["review", "sentiment"], (None, None), ("review", "sentiment")),
        (["label", "review", "text"], (None, None), ("text", "label")),
        ([" Text ", "STARS"], (None, None), (" Text ", "STARS")),
        (["text", "label", "body", "kind"], ("body", "kind"), ("body", "kind")),
    ],
)
def test_columns_are_found(columns, wanted, found):
    assert find_columns("data.csv", columns, Columns(*wanted)) == found


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (("body", None), r"data\.csv: there is no column 'body'; the columns are 'text', 'label', 'x{37}\.\.\.': "),
        ((None, "stars"), r"there is no column 'stars'; .* name one with --label-column"),
        (("label", "label"), r"text and label are both read from column 'label'; they must differ"),
    ],
)
def test_columns_that_are_not_there_are_refused(wanted, expected):
    with pytest.raises(InputError, match=expected):
        find_columns("data.csv", ["text", "label", "x" * 99], Columns(*wanted))


def test_columns_that_differ_in_case_alone_are_not_guessed():
    columns = ["Text", "TEXT", "label"]
    with pytest.raises(InputError, match="columns 'Text', 'TEXT' differ in case alone; name one with --text-column"):
        find_columns("data.csv", columns, Columns())
    assert find_columns("data.csv", columns, Columns("TEXT")) == ("TEXT", "label")
