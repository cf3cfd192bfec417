"""What the weights that a run has saved are worth, measured on exactly those, and all of it as results.json says it."""

import hashlib
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from hf_lstm.data.loading import count_duplicates, digest_rows
from hf_lstm.devices import name_dtype, resolve_precision
from hf_lstm.evaluation.calibration import fit_temperature
from hf_lstm.evaluation.scoring import ScoredSplit, measure_logits
from hf_lstm.files import WEIGHTS_FILE
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.model.prediction import compute_logits
from hf_lstm.training.setup import PreparedRun


@dataclass(frozen=True)
class MeasuredModel:
    """A saved model with its answers to every row of the run."""

    model: LSTMSentiment
    """Read from the folder, and calibrated since."""
    scored: dict[str, ScoredSplit]
    """`train`, `validation` and `test`."""
    dtype: torch.dtype
    """What the answers were computed in."""
    weights_sha256: str


def measure_saved_model(folder: Path, run: PreparedRun) -> MeasuredModel:
    """Return the model that the run has saved in a folder, its answers, and a temperature that fits validation."""
    device = run.model.embedding.weight.device
    model = type(run.model).from_pretrained(folder, device=str(device))
    dtype = resolve_precision(run.recipe.train.precision, device, hidden_size=model.config.hidden_size)
    scored = {
        name: ScoredSplit(name, rows, encoded.labels, compute_logits(model, encoded.texts, dtype=dtype))
        for (name, rows), encoded in zip(run.splits.items(), run.encoded.values(), strict=True)
    }
    temperature = fit_temperature(scored["validation"].logits, scored["validation"].labels)
    model.config = replace(model.config, temperature=temperature)
    model.recipe = replace(run.recipe, model=model.config).to_dict()
    return MeasuredModel(model, scored, dtype, hashlib.sha256((folder / WEIGHTS_FILE).read_bytes()).hexdigest())


def compose_results(
    run: PreparedRun,
    epochs: list[dict[str, Any]],
    measured: MeasuredModel,
    *,
    command: str,
    code: dict[str, Any],
    started: float,
) -> dict[str, Any]:
    """Return what results.json says of a run.

    Args:
        run: what was trained, and on which rows.
        epochs: the records of `train`.
        measured: what came of it.
        command: the command line.
        code: what `describe_code` returned when the run began.
        started: `time.perf_counter()` of that moment.
    """
    model, train_config = measured.model, run.recipe.train
    device = run.model.embedding.weight.device
    return {
        "recipe": run.recipe.name,
        "command": command,
        "dataset": {
            "source": run.recipe.data.dataset,
            "num_rows": {name: len(split) for name, split in run.splits.items()},
            "duplicates": count_duplicates(run.splits),
            "rows_sha256": digest_rows(run.splits),
        },
        "weights_sha256": measured.weights_sha256,
        "model": {"num_parameters": model.num_parameters, "vocab_size": model.config.vocab_size},
        **run.origin,
        "seed": train_config.seed,
        "device": str(device),
        "precision": name_dtype(resolve_precision(train_config.precision, device, hidden_size=None)),
        "measured_in": name_dtype(measured.dtype),
        "num_threads": torch.get_num_threads(),
        **code,
        "epochs": epochs,
        "best_epoch": max(record["epoch"] for record in epochs if record["is_best"]),
        "temperature": model.config.temperature,
        "splits": {
            name: measure_logits(split.logits, split.labels, model.config) for name, split in measured.scored.items()
        },
        "elapsed_s": time.perf_counter() - started,
    }
