"""Describes what a classifier has from its base and from its rows: vocabulary and labels."""

from typing import Any

from hf_lstm.config.model import NetworkConfig
from hf_lstm.sources.label_feature import Labels


def describe_vocabulary(base: NetworkConfig, labels: Labels) -> dict[str, Any]:
    """Describe the vocabulary of a base and the labels of rows, as `ModelSettings.resolve` takes them."""
    return {
        "vocab_size": base.vocab_size,
        "label_names": labels.names,
        "problem_type": labels.problem_type,
        "pad_token_id": base.pad_token_id,
        "unk_token_id": base.unk_token_id,
    }
