"""Joins consecutive words into the steps that an LSTM reads.

A step that reads two words takes hardly longer than one that reads a single one, where gates take the time. A text of
half as many steps is then read nearly twice as fast.
"""

import torch
from torch import Tensor
from torch.nn import functional


def count_steps(num_words: Tensor, words_per_step: int) -> Tensor:
    """Count the steps that read as many words, int64 as these; the last one may lack some."""
    return num_words if words_per_step == 1 else (num_words + words_per_step - 1) // words_per_step


def fill_steps(input_ids: Tensor, words_per_step: int, pad_token_id: int) -> Tensor:
    """Add columns of padding to ids (batch, time), up to whole steps."""
    num_missing = -input_ids.shape[1] % words_per_step
    return functional.pad(input_ids, (0, num_missing), value=pad_token_id) if num_missing else input_ids


def fill_last_steps(input_ids: Tensor, lengths: Tensor, words_per_step: int, pad_token_id: int) -> Tensor:
    """Put padding where the last step of a row lacks words, and add columns up to whole steps.

    Other padding stays, since no step reads it. Ids that are right already are returned themselves.

    Args:
        input_ids: int64 (batch, time), right-padded.
        lengths: int64 (batch,), the words of each row.
        words_per_step: how many words a step reads.
        pad_token_id: the id of padding.
    """
    filled = fill_steps(input_ids, words_per_step, pad_token_id)
    places = lengths[:, None] + torch.arange(words_per_step - 1, device=lengths.device)
    rows, columns = (places < count_steps(lengths, words_per_step)[:, None] * words_per_step).nonzero(as_tuple=True)
    places = places[rows, columns]
    if bool((filled[rows, places] == pad_token_id).all()):
        return filled
    return filled.index_put((rows, places), filled.new_tensor(pad_token_id))


def join_words(embedded: Tensor, words_per_step: int) -> Tensor:
    """Join the word vectors of each step.

    Those are (batch, time, embedding_dim), of a time of whole steps; the joined ones are
    (batch, steps, words_per_step * embedding_dim).
    """
    batch, time, size = embedded.shape
    return embedded.reshape(batch, time // words_per_step, words_per_step * size)
