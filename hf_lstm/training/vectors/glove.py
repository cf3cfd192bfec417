"""Reads pretrained word vectors in GloVe's text format into an embedding.

Only those of a vocabulary's words are read.

Reference: Pennington et al., "GloVe: Global Vectors for Word Representation" (2014).
"""

import dataclasses
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from hf_lstm.errors import InputError
from hf_lstm.training.vectors.files import open_vector_file

logger = logging.getLogger(__name__)

_CHARACTERS_OF_NUMBERS = b" +-.0123456789eE"


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class WordVectors:
    """Holds vectors found for words of a vocabulary."""

    ids: npt.NDArray[np.int64]
    """(num_found,), each once"""
    vectors: npt.NDArray[np.float32]
    """(num_found, embedding_dim)"""


def read_word_vectors(path: Path, vocab: Mapping[str, int], embedding_dim: int) -> WordVectors:
    """Read the vectors of a vocabulary's words from a file.

    Of words that stand there twice, the first counts; blank lines are skipped. A line is a word and its values,
    separated by blanks; a first line of two numbers, as word2vec writes it, is skipped, and a file that has fewer words
    is warned of. Other words' values are counted and their characters checked, but they are not read, so that a file of
    millions of words takes seconds.

    Raises:
        InputError: the file cannot be read, a line has another number of values or one that is no finite number, or
            no word of the vocabulary has a vector.
    """
    ids = {word.encode(): token_id for word, token_id in vocab.items()}
    found: dict[int, npt.NDArray[np.float32]] = {}
    num_lines, num_announced = 0, None
    with open_vector_file(path, embedding_dim) as (place, lines):
        for number, line in enumerate(lines, start=1):
            fields = line.rstrip()
            if not fields:
                continue
            num_lines += 1
            if num_lines == 1:
                num_announced = _check_first_line(fields, place, embedding_dim, number)
                if num_announced is not None:
                    continue
            num_values = fields.count(b" ")
            word = fields.partition(b" ")[0] if num_values == embedding_dim else None
            if word is None:
                _check_odd_line(fields, f"{place}, line {number}", embedding_dim)
                continue
            values, token_id = fields[len(word) :], ids.get(word)
            if token_id is not None and token_id not in found:
                found[token_id] = _parse_values(values, embedding_dim, f"{place}, line {number}")
            elif b"  " in values or values.translate(None, _CHARACTERS_OF_NUMBERS):
                _parse_values(values, embedding_dim, f"{place}, line {number}")
    if num_announced is not None and num_lines - 1 < num_announced:
        logger.warning(
            "embeddings %s: its first line says %d words, it has %d: is it cut off?",
            place,
            num_announced,
            num_lines - 1,
        )
    if not found:
        raise InputError(f"embeddings {place}: has a vector for none of the {len(vocab)} entries of the vocabulary")
    return WordVectors(np.fromiter(found, dtype=np.int64), np.stack(list(found.values())))


def check_dimension(path: Path, embedding_dim: int) -> None:
    """Check that a file's vectors have `embedding_dim` values.

    Only its first line is read, which takes no time.

    Raises:
        InputError: they have not, or the file cannot be read.
    """
    with open_vector_file(path, embedding_dim) as (place, lines):
        first = next(((number, line) for number, line in enumerate(lines, start=1) if line.strip()), (1, b""))
        _check_first_line(first[1].rstrip(), place, embedding_dim, first[0])


@torch.no_grad()
def initialize_embedding(embedding: nn.Embedding, found: WordVectors, *, missing: Literal["zero", "normal"]) -> None:
    """Put the vectors found into an embedding, and fill the rest.

    Words without a vector get zeros, or draws from the global random state. The draws are normal with the mean and
    standard deviation of the values found, so that no word stands out by the length of its vector. Padding stays zero.
    """
    weight = embedding.weight
    vectors = torch.from_numpy(found.vectors)
    if missing == "zero":
        nn.init.zeros_(weight)
    else:
        nn.init.normal_(weight, mean=vectors.mean().item(), std=vectors.std(correction=0).item())
    weight[torch.from_numpy(found.ids).to(weight.device)] = vectors.to(weight.device, weight.dtype)
    if embedding.padding_idx is not None:
        weight[embedding.padding_idx] = 0


def measure_coverage(found: WordVectors, *, vocab_size: int, train_ids: npt.NDArray[np.int32]) -> tuple[float, float]:
    """Measure how many vocabulary entries and tokens have a vector.

    Both are shares, 0 to 1: of the vocabulary, and of the tokens of train.

    Args:
        found: the vectors.
        vocab_size: entries of the vocabulary, the special ones among them.
        train_ids: int32 (num_tokens,), all that training reads.
    """
    has_vector = np.zeros(vocab_size, dtype=bool)
    has_vector[found.ids] = True
    return len(found.ids) / vocab_size, float(has_vector[train_ids].mean())


def _check_first_line(fields: bytes, place: str, embedding_dim: int, number: int) -> int | None:
    """Check the first line that is not blank, and return how many words it says there are, if it is a header."""
    parts = fields.split(b" ")
    is_header = len(parts) == 2 and all(part.isdigit() for part in parts)
    dimension = int(parts[1]) if is_header else len(parts) - 1
    if not is_header:
        if dimension < 1:
            raise InputError(f"embeddings {place}, line {number}: expected a word and its values, separated by blanks")
        _parse_values(b" ".join(parts[1:]), dimension, f"{place}, line {number}")
    if dimension != embedding_dim:
        raise InputError(
            f"embeddings {place}: has {dimension} values a word, but model.embedding_dim is {embedding_dim}; choose "
            f"another file, or --set model.embedding_dim={dimension}"
        )
    return int(parts[0]) if is_header else None


def _check_odd_line(fields: bytes, place: str, embedding_dim: int) -> None:
    """Check a line with another number of blanks than usual.

    Some words of `glove.840B` have blanks in them.
    """
    if b"\t" in fields:
        raise InputError(f"embeddings {place}: has tabs, expected blanks between a word and its values; replace them")
    parts = fields.split(b" ")
    head, values = parts[:-embedding_dim], parts[-embedding_dim:]
    is_word_with_blanks = len(head) > 1 and not _is_number(head[-1])
    if not is_word_with_blanks:
        raise _make_count_error(len(parts) - 1, embedding_dim, place)
    _parse_values(b" ".join(values), embedding_dim, place)


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _parse_values(values: bytes, embedding_dim: int, place: str) -> npt.NDArray[np.float32]:
    try:
        with np.errstate(over="ignore"):  # what becomes infinite is refused below
            vector = np.array([float(value) for value in values.split()], dtype=np.float32)
    except ValueError:
        raise InputError(f"embeddings {place}: has a value that is no number; expected a word and numbers") from None
    if len(vector) != embedding_dim:  # there are two blanks side by side
        raise _make_count_error(len(vector), embedding_dim, place)
    if not np.isfinite(vector).all():
        raise InputError(f"embeddings {place}: has a value that is not finite")
    return vector


def _make_count_error(num_values: int, embedding_dim: int, place: str) -> InputError:
    return InputError(
        f"embeddings {place}: has {num_values} values, expected {embedding_dim} with a blank before each: "
        "the file is damaged"
    )
