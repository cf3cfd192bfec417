"""Tells transformers which modules beside a model load it, and how its tokenizer is used."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from hf_lstm.config.model import NetworkConfig

_PIPELINE = {
    "impl": "modeling_hf_lstm.HFLSTMTextClassificationPipeline",
    "pt": ["AutoModelForSequenceClassification"],
}
FOR_TRANSFORMERS: Mapping[str, Any] = {
    "architectures": ["HFLSTMForSequenceClassification"],
    "auto_map": {
        "AutoConfig": "configuration_hf_lstm.HFLSTMConfig",
        "AutoModelForSequenceClassification": "modeling_hf_lstm.HFLSTMForSequenceClassification",
    },
    # Both names of the task: here, transformers does not know that one means the other.
    "custom_pipelines": {"text-classification": _PIPELINE, "sentiment-analysis": _PIPELINE},
}
"""Fields of config.json that transformers alone reads."""


def drop_transformers_fields(values: dict[str, Any]) -> None:
    """Drop from config.json what transformers alone reads, also where it wrote the file itself."""
    for name in FOR_TRANSFORMERS:
        values.pop(name, None)
    if values.pop("transformers_version", None) is not None:
        values.pop("label2id", None)
        values.setdefault("id2label", {"0": "LABEL_0", "1": "LABEL_1"})  # its default, which it leaves out
        if "calibration_temperature" in values:  # the name of ours there, where `temperature` is of generated text
            values["temperature"] = values.pop("calibration_temperature")


def describe_tokenizer(tokenizer: Tokenizer, config: NetworkConfig) -> dict[str, Any]:
    """Return what tokenizer_config.json says.

    Long texts are not cut by the tokenizer: the model does it, as `config` says.
    """
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": tokenizer.id_to_token(config.pad_token_id),
        "unk_token": tokenizer.id_to_token(config.unk_token_id),
        "padding_side": "right",
        "model_input_names": ["input_ids", "attention_mask"],
        "clean_up_tokenization_spaces": False,
        "split_special_tokens": True,  # a text that mentions <pad> has the word pad in it
    }


def read_remote_module(name: str) -> bytes:
    """Read a module to put beside a model."""
    return Path(__file__).with_name(name).read_bytes()
