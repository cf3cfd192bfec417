import contextlib
import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hf_lstm.config.overrides import change_settings, override_recipe
from hf_lstm.config.recipes.published import PACKED_LSTM
from hf_lstm.errors import InputError


@pytest.mark.parametrize(
    ("assignment", "section", "name", "value"),
    [
        ("train.learning_rate=3e-4", "train", "learning_rate", 3e-4),
        ("train.learning_rate=1", "train", "learning_rate", 1.0),
        ("train.patience=none", "train", "patience", None),
        ("train.patience=2", "train", "patience", 2),
        ("tokenizer.max_words=none", "tokenizer", "max_words", None),
        ("tokenizer.lowercase=false", "tokenizer", "lowercase", False),
        ("model.pooling=max", "model", "pooling", "max"),
        ("model.embedding_dropout=0.3", "model", "embedding_dropout", 0.3),
        ("model.single_bias=true", "model", "single_bias", True),
        ("train.schedule=cosine", "train", "schedule", "cosine"),
        ("train.class_weights=balanced", "train", "class_weights", "balanced"),
        ("train.class_weights=1, 2.5", "train", "class_weights", "1, 2.5"),
        ("train.class_weights=none", "train", "class_weights", None),
        ("train.ema_decay=0.999", "train", "ema_decay", 0.999),
        ("data.dataset=a folder/with = sign", "data", "dataset", "a folder/with = sign"),
    ],
)
def test_override_sets_exactly_one_value_with_its_type(assignment, section, name, value):
    changed = override_recipe(PACKED_LSTM, [assignment])
    new = getattr(getattr(changed, section), name)
    assert new == value
    assert type(new) is type(value)
    restored = dataclasses.replace(getattr(changed, section), **{name: getattr(getattr(PACKED_LSTM, section), name)})
    assert dataclasses.replace(changed, **{section: restored}) == PACKED_LSTM


@pytest.mark.parametrize(
    ("assignment", "hint"),
    [
        ("train.learnig_rate=1", "did you mean train.learning_rate"),
        ("learning_rate=1", "train.learning_rate"),
        ("train.learning_rate", "expected section.key=value"),
        ("train.learning_rate=fast", "expected a number"),
        ("train.batch_size=1.5", "expected a whole number"),
        ("train.batch_size=true", "expected a whole number"),
        ("train.batch_size=0", "must be >= 1"),
        ("train.learning_rate=nan", "expected a number"),
        ("train.group_by_length=yes", "expected true or false"),
        ("model.pooling=sum", "one of last, mean, max, mean_max, last_mean_max, attention"),
        ("model.word_dropout=1", "0 <= x < 1"),
        ("train.schedule=step", "one of constant, linear, cosine"),
        ("train.class_weights=heavy", "none, balanced, or positive numbers"),
        ("train.gradient_accumulation=0", ">= 1"),
        ("model.vocab_size=7", "there is no setting"),
        ("model.pad_token_id=5", "there is no setting"),
        ("model.hidden_size=16777216", "1 to 32768"),
        ("train.learning_rate=1e999", "finite"),
        ("data.validation_fraction=1.5", "0 < x < 1"),
    ],
)
def test_bad_override_says_in_one_line_what_was_expected(assignment, hint):
    with pytest.raises(InputError) as caught:
        override_recipe(PACKED_LSTM, [assignment])
    assert hint in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text())
def test_no_override_text_ends_in_another_error(text):
    with contextlib.suppress(InputError):
        override_recipe(PACKED_LSTM, [text])


def test_scalars_of_numpy_and_torch_are_values():
    settings = {
        "learning_rate": np.float64(0.5), "num_epochs": np.int32(3), "lowercase": np.bool_(False),
        "dropout": torch.tensor(0.25), "order": np.str_("alphabetical"),
    }  # fmt: skip
    recipe = change_settings(PACKED_LSTM, settings)
    found = (recipe.train.learning_rate, recipe.train.num_epochs, recipe.tokenizer.lowercase, recipe.model.dropout)
    assert (*found, recipe.tokenizer.order) == (0.5, 3, False, 0.25, "alphabetical")
    with pytest.raises(InputError, match=r"train\.num_epochs is 3\.5, but must be of type int"):
        change_settings(PACKED_LSTM, {"num_epochs": np.float32(3.5)})
