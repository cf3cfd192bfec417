"""The space of a search: what can be written, what is refused, and in which words."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_lstm.config.recipes.catalog import RECIPES, get_recipe
from hf_lstm.errors import InputError
from hf_lstm.searching.space import Choices, Range, build_default_space, format_assignments, parse_space

RECIPE = get_recipe("pooled-bilstm")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("train.learning_rate=1e-4..1e-2:log", Range("train.learning_rate", 1e-4, 1e-2, is_log=True)),
        ("train.learning_rate=1..5", Range("train.learning_rate", 1.0, 5.0)),
        ("model.dropout=0..0.6:0.1", Range("model.dropout", 0.0, 0.6, 0.1)),
        ("model.hidden_size=16..256:log", Range("model.hidden_size", 16, 256, is_log=True)),
        ("model.hidden_size=16..64:16", Range("model.hidden_size", 16, 64, 16)),
        ("model.dropout=0.2..0.3:0.1", Range("model.dropout", 0.2, 0.3, 0.1)),
        ("model.dropout=0..0.65:0.1", Range("model.dropout", 0.0, 0.6, 0.1)),
        ("model.hidden_size=8..100:16", Range("model.hidden_size", 8, 88, 16)),
        ("model.hidden_size = 32, 64", Choices("model.hidden_size", (32, 64))),
        ("model.bidirectional=true,false", Choices("model.bidirectional", (True, False))),
        ("train.ema_decay=none,0.99", Choices("train.ema_decay", (None, 0.99))),
        ("model.pooling=last,mean_max", Choices("model.pooling", ("last", "mean_max"))),
    ],
)
def test_a_dimension_is_read_and_written(text, expected):
    (dimension,) = parse_space([text], RECIPE)
    assert dimension == expected
    assert parse_space([str(dimension)], RECIPE) == [expected]
    assert all(type(value) is type(other) for value, other in zip(dimension.corners, expected.corners, strict=True))


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["train.learning_rate"], "expected SECTION.KEY=A,B,C"),
        (["train.learning_rate="], "expected SECTION.KEY=A,B,C"),
        (["train.learn_rate=1,2"], "did you mean train.learning_rate"),
        (["learning_rate=1,2"], "no setting 'learning_rate'"),
        (["train.learning_rate=0.1"], "one value leaves nothing to search"),
        (["train.learning_rate=0.1,0.1"], "a value stands twice"),
        (["train.learning_rate=0.1..0.01"], "must rise"),
        (["train.learning_rate=0..0.1:log"], "more than 0"),
        (["train.learning_rate=1e-3..1e999"], "no end"),
        (["train.learning_rate=0.1..0.2:-1"], "step must be more than 0"),
        (["train.learning_rate=-1e999..1"], "no end"),
        (["train.learning_rate=0.1..0.2:1e999"], "step must be more than 0"),
        (["train.learning_rate=0.1..0.2:0.5"], "step must be more than 0"),
        (["train.learning_rate=a..b"], "no range of numbers"),
        (["train.learning_rate=0.1..0.2:lin"], "no range of numbers"),
        (["train.learning_rate=-1..0.1"], "train.learning_rate is -1.0, but must be > 0"),
        (["model.hidden_size=1.5..8"], "a whole number"),
        (["model.hidden_size=8,x"], "expected a whole number"),
        (["model.dropout=0..1"], "model.dropout is 1.0, but must be 0 <= x < 1"),
        (["model.pooling=last,first"], "one of"),
        (["data.dataset=a.csv,b.csv"], "which rows are measured"),
        (["train.best_by=loss,accuracy"], "the measure of the search"),
        (["train.init_from=runs/a,runs/b"], "rows of their own"),
        (["train.seed=1,2", "train.seed=3,4"], "given twice"),
        (["train.num_epochs=1,2"], "given twice"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(texts, said):
    with pytest.raises(InputError) as raised:
        parse_space(texts, RECIPE, fixed=["train.num_epochs"])
    assert said in str(raised.value)
    assert str(raised.value).startswith(f"--space {texts[-1]!r}: ")


@pytest.mark.parametrize("name", RECIPES)
def test_the_default_space_has_the_recipe_itself(name):
    recipe = get_recipe(name)
    for dimension in build_default_space(recipe):
        section, key = dimension.setting.split(".")
        assert dimension.has(getattr(getattr(recipe, section), key)), dimension


def test_the_default_space_leaves_alone_what_a_model_or_vectors_determine():
    for train in ({"init_from": "runs/lm"}, {"embeddings": "glove.txt"}):
        recipe = dataclasses.replace(RECIPE, train=dataclasses.replace(RECIPE.train, **train))
        names = [dimension.setting for dimension in build_default_space(recipe)]
        assert "model.embedding_dim" not in names
        assert "train.learning_rate" in names


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6), st.floats(0, 1))
def test_numbers_of_few_digits_stay_within_their_range(one, other, share):
    low, high = sorted((one, other))
    dimension = Range("train.learning_rate", low, high)
    value = dimension.shorten(min(low + share * (high - low), high))
    assert low <= value <= high
    assert dimension.shorten(value) == value


def test_a_number_of_small_steps_keeps_its_digits():
    dimension = Range("train.learning_rate", 1.0, 1.001, 0.0001)
    assert [dimension.shorten(1.0 + 0.0001 * number) for number in (0, 3, 10)] == [1.0, 1.0003, 1.001]


def test_values_are_written_as_set_reads_them():
    settings = {
        "train.ema_decay": None,
        "model.bidirectional": True,
        "train.learning_rate": 1e-05,
        "model.pooling": "max",
    }
    written = ["train.ema_decay=none", "model.bidirectional=true", "train.learning_rate=1e-05", "model.pooling=max"]
    assert format_assignments(settings) == written
