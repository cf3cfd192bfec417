"""Digests what a run reads and describes where it runs, to be compared when it is resumed."""

import hashlib
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hf_lstm.config import Recipe
from hf_lstm.data.encoded import LabeledTexts
from hf_lstm.runtime.devices import name_dtype, resolve_precision
from hf_lstm.sources.label_feature import Labels
from hf_lstm.training.setup import PreparedRun


def digest_rows(run: PreparedRun) -> dict[str, Any]:
    """Return the labels, and a SHA-256 of each split's token ids and class ids in their order.

    `learned` is that of the rows to learn from.
    """
    digests = {
        name: _digest(rows.texts.input_ids, rows.texts.offsets, rows.labels)
        for name, rows in {**run.encoded, "learned": run.learned}.items()
    }
    if run.unlabeled is not None:
        digests["unlabeled"] = _digest(run.unlabeled.input_ids, run.unlabeled.offsets)
    return {"labels": list(Labels.of_rows(run.splits["train"]).names), "rows_sha256": digests}


def digest_vocabulary(run: PreparedRun) -> str:
    """Return a SHA-256 of the tokenizer: which words have an id, and how they are found."""
    return hashlib.sha256(run.model.require_tokenizer().to_str().encode()).hexdigest()


def digest_targets(learned: LabeledTexts) -> str | None:
    """Return a SHA-256 of what teachers say of the rows; None without teachers."""
    return None if learned.targets is None else _digest(learned.targets)


def _digest(*arrays: NDArray[Any]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def describe_machine(recipe: Recipe, device: torch.device) -> dict[str, Any]:
    """Describe what of a machine decides the last bits of a result."""
    facts = {
        "device": device.type,
        "processor": torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else torch.backends.cpu.get_cpu_capability(),
        "precision": name_dtype(resolve_precision(recipe.train.precision, device, model=None)),
    }
    return facts if recipe.train.num_shards else {**facts, "num_threads": torch.get_num_threads()}
