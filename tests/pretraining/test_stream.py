"""The stream of words: all come once, and a step's batch is a pure function of seed and step."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from hf_lstm.encoding.encoder import EncodedTexts
from hf_lstm.pretraining.stream import WordStream, cut_into_pieces, list_batches

LENGTHS = st.lists(st.integers(1, 30), min_size=1, max_size=40)


def make_texts(lengths: list[int]) -> EncodedTexts:
    """Texts whose words are numbered from 1, no two alike."""
    return EncodedTexts(
        np.arange(1, sum(lengths) + 1, dtype=np.int32), np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    )


@given(lengths=LENGTHS, max_length=st.integers(1, 12))
def test_pieces_are_the_texts_cut_evenly(lengths: list[int], max_length: int) -> None:
    texts = make_texts(lengths)
    pieces = cut_into_pieces(texts, max_length)
    assert pieces.input_ids is texts.input_ids
    assert set(texts.offsets) <= set(pieces.offsets)
    assert pieces.lengths.min() >= 1
    assert pieces.lengths.max() <= max_length
    for start, end in zip(texts.offsets[:-1], texts.offsets[1:], strict=True):
        of_text = np.diff([offset for offset in pieces.offsets if start <= offset <= end])
        assert of_text.max() - of_text.min() <= 1


@given(lengths=LENGTHS, batch_size=st.integers(1, 5), seed=st.integers(0, 3))
def test_each_word_comes_once_an_epoch_in_its_place(lengths: list[int], batch_size: int, seed: int) -> None:
    texts = make_texts(lengths)
    stream = WordStream(texts, batch_size, seed=seed, pad_token_id=0)
    for epoch in range(2):
        steps = range(epoch * stream.steps_per_epoch, (epoch + 1) * stream.steps_per_epoch)
        rows = []
        for batch in map(stream.draw, steps):
            rows += [ids[:length].tolist() for ids, length in zip(batch.input_ids, batch.lengths.tolist(), strict=True)]
        assert sorted(rows) == [texts[row].tolist() for row in range(len(texts)) if len(texts[row]) > 1]


def test_a_batch_depends_on_seed_and_step_alone() -> None:
    texts = make_texts([5, 2, 9, 1, 7, 7, 3, 4, 6, 8, 2])
    stream = WordStream(texts, 2, seed=1, pad_token_id=0)
    in_order = [stream.draw(step).input_ids for step in range(3 * stream.steps_per_epoch)]
    fresh = WordStream(texts, 2, seed=1, pad_token_id=0)
    for step in (len(in_order) - 1, 0, stream.steps_per_epoch):
        assert torch.equal(fresh.draw(step).input_ids, in_order[step])
    other = WordStream(texts, 2, seed=2, pad_token_id=0)
    assert any(not torch.equal(other.draw(step).lengths, stream.draw(step).lengths) for step in range(len(in_order)))


@given(lengths=LENGTHS, batch_size=st.integers(1, 5))
def test_measuring_reads_each_piece_with_a_word_to_predict_once(lengths: list[int], batch_size: int) -> None:
    batches = list_batches(make_texts(lengths), batch_size)
    rows = [int(row) for batch in batches for row in batch]
    assert sorted(rows) == [row for row, length in enumerate(lengths) if length > 1]
    assert all(len(batch) <= batch_size for batch in batches)
