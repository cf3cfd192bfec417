"""Tests how words are joined to steps."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from hf_lstm.nn.steps import count_steps, fill_last_steps

PADDING, OTHER = 0, 9


@given(lengths=st.lists(st.integers(1, 7), min_size=1, max_size=5), words_per_step=st.integers(1, 4))
def test_each_step_that_is_read_holds_words_then_padding(lengths, words_per_step):
    input_ids = torch.full((len(lengths), max(lengths)), OTHER)
    kept = input_ids.clone()
    filled = fill_last_steps(input_ids, torch.tensor(lengths), words_per_step, PADDING)
    assert torch.equal(input_ids, kept)
    assert filled.shape[1] % words_per_step == 0
    for row, length in zip(filled.tolist(), lengths, strict=True):
        end = int(count_steps(torch.tensor(length), words_per_step)) * words_per_step
        assert row[:end] == [OTHER] * length + [PADDING] * (end - length)


def test_ids_that_are_right_are_not_copied():
    input_ids = torch.tensor([[OTHER, OTHER, OTHER, PADDING], [OTHER, PADDING, PADDING, PADDING]])
    assert fill_last_steps(input_ids, torch.tensor([3, 1]), 2, PADDING) is input_ids
