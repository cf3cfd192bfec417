"""Joins consecutive words into the steps that an LSTM reads.

A step that reads two words takes hardly longer than one that reads a single one, where gates take the time. A text of
half as many steps is then read nearly twice as fast.
"""

from torch import Tensor
from torch.nn import functional


def count_steps(num_words: Tensor, words_per_step: int) -> Tensor:
    """Count the steps that read as many words, int64 as these; the last one may lack some."""
    return num_words if words_per_step == 1 else (num_words + words_per_step - 1) // words_per_step


def fill_steps(input_ids: Tensor, words_per_step: int, pad_token_id: int) -> Tensor:
    """Add columns of padding to ids (batch, time), up to whole steps."""
    num_missing = -input_ids.shape[1] % words_per_step
    return functional.pad(input_ids, (0, num_missing), value=pad_token_id) if num_missing else input_ids


def join_words(embedded: Tensor, words_per_step: int) -> Tensor:
    """Join the word vectors of each step.

    Those are (batch, time, embedding_dim), of a time of whole steps; the joined ones are
    (batch, steps, words_per_step * embedding_dim).
    """
    batch, time, size = embedded.shape
    return embedded.reshape(batch, time // words_per_step, words_per_step * size)
