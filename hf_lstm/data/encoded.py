"""Encodes the rows of a split as token ids and class ids."""

import hashlib
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from datasets import Dataset
from tokenizers import Tokenizer

from hf_lstm.config import ModelConfig
from hf_lstm.encoding.encoder import EncodedTexts, Encoder
from hf_lstm.sources.label_feature import read_labels

_ENCODING_VERSION = 1
"""Part of the cache's key. Raise it when the same text and tokenizer give other ids."""


@dataclass(frozen=True)
class LabeledTexts:
    """Holds the encoded texts of a split and their class ids."""

    texts: EncodedTexts
    labels: np.ndarray
    """int64: class ids (num_rows,), or of any number of labels (num_rows, num_labels) of 0 and 1."""
    targets: np.ndarray | None = None
    """How likely each label is of each row, float32 (num_rows, num_labels), if that is what to learn; else `labels`."""

    def __len__(self) -> int:
        return len(self.labels)


def encode_split(split: Dataset, tokenizer: Tokenizer, config: ModelConfig) -> LabeledTexts:
    """Encode a split with columns `text` and `label`.

    Texts are cut, and empty ones filled, as `config` says. `datasets` caches the token ids under a fingerprint of the
    rows, the tokenizer and the limits. A second run with the same ones reads them from there.
    """
    encoder = Encoder(tokenizer, config)

    def encode(columns: pa.Table) -> pa.Table:
        encoded = encoder.encode(columns.column("text").to_pylist())
        return pa.table({"input_ids": pa.ListArray.from_arrays(encoded.offsets.astype(np.int32), encoded.input_ids)})

    limits = f"{config.truncation} {config.max_length_tokens} {config.max_length_characters} {config.unk_token_id}"
    key = f"{_ENCODING_VERSION} {split._fingerprint} {limits} {tokenizer.to_str()}"
    mapped = split.with_format("arrow").map(
        encode,
        batched=True,
        remove_columns=split.column_names,
        new_fingerprint=hashlib.sha256(key.encode()).hexdigest()[:32],
        desc="tokenize",
    )
    return LabeledTexts(_read_lists(mapped.data.column("input_ids")), read_labels(split))


def _read_lists(column: pa.ChunkedArray) -> EncodedTexts:
    chunks = column.chunks
    lengths = np.concatenate([[0], *(chunk.value_lengths().to_numpy() for chunk in chunks)])
    input_ids = np.concatenate([chunk.flatten().to_numpy() for chunk in chunks])
    return EncodedTexts(input_ids=input_ids.astype(np.int32, copy=False), offsets=np.cumsum(lengths, dtype=np.int64))
