"""Measures a run's saved weights, and builds its results.json."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from hf_lstm.config import Recipe
from hf_lstm.data.digests import hash_texts
from hf_lstm.data.row_checks import count_duplicates
from hf_lstm.encoding.scripts import measure_unknown
from hf_lstm.evaluation.calibration import fit_config
from hf_lstm.evaluation.scoring import ScoredSplit, measure_scored
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.model.prediction import compute_logits
from hf_lstm.records.results import DatasetFacts, Epoch, ModelSize, RunResults
from hf_lstm.runtime.devices import name_dtype, resolve_precision
from hf_lstm.training.loop.epochs import find_best_epoch
from hf_lstm.training.setup import PreparedRun


@dataclass(frozen=True)
class MeasuredModel:
    """Holds a saved model, and its answers to the run's rows."""

    model: LSTMSentiment
    """Loaded from the folder, then calibrated."""
    recipe: Recipe
    """With the model's temperature and thresholds."""
    scored: dict[str, ScoredSplit]
    """`train`, `validation` and `test`."""
    dtype: torch.dtype
    """What the answers were computed in."""
    weights_sha256: str


def measure_saved_model(folder: Path, weights_sha256: str, run: PreparedRun) -> MeasuredModel:
    """Score the saved model on all rows, and calibrate it.

    Its temperature is fitted on validation, and so are the thresholds of any number of labels.
    """
    device = run.model.device
    model = type(run.model).from_pretrained(folder, device=str(device))
    dtype = resolve_precision(run.recipe.train.precision, device, model=model.config)
    scored = {
        name: ScoredSplit(
            name,
            rows,
            encoded.labels,
            compute_logits(model, encoded.texts, dtype=dtype),
            measure_unknown(encoded.texts, model.config.unk_token_id),
        )
        for (name, rows), encoded in zip(run.splits.items(), run.encoded.values(), strict=True)
    }
    model.config = fit_config(model.config, scored["validation"].logits, scored["validation"].labels)
    return MeasuredModel(model, replace(run.recipe, model=model.config), scored, dtype, weights_sha256)


def build_results(
    run: PreparedRun,
    epochs: list[Epoch],
    measured: MeasuredModel,
    *,
    command: str,
    code: dict[str, Any],
    elapsed_s: float,
) -> RunResults:
    """Build the record for a run's results.json.

    Args:
        run: what was trained, and on which rows.
        epochs: what `train` returned.
        measured: what came of it.
        command: the command line.
        code: what `describe_code` returned when the run began.
        elapsed_s: how long the run has taken.
    """
    model, train_config = measured.model, run.recipe.train
    device = run.model.device
    return RunResults(
        recipe=run.recipe.name,
        command=command,
        dataset=DatasetFacts(
            source=run.recipe.data.dataset,
            num_rows={name: len(split) for name, split in run.splits.items()},
            duplicates=count_duplicates(run.splits),
            rows_sha256=run.splits.rows_sha256,
            unlabeled_sha256=run.unlabeled_sha256,
            num_unlabeled=run.num_unlabeled,
            findings=run.findings,
            cuts=run.splits.cuts,
            texts_sha256={name: hash_texts(split["text"][:]) for name, split in run.splits.items()},
        ),
        weights_sha256=measured.weights_sha256,
        model=ModelSize(num_parameters=model.num_parameters, vocab_size=model.config.vocab_size),
        embeddings=run.word_vectors,
        init_from=run.base_model,
        seed=train_config.seed,
        device=str(device),
        precision=name_dtype(resolve_precision(train_config.precision, device, model=None)),
        measured_in=name_dtype(measured.dtype),
        num_threads=torch.get_num_threads(),
        **code,
        epochs=epochs,
        best_epoch=find_best_epoch(epochs),
        temperature=model.config.temperature,
        splits={name: measure_scored(split, model.config) for name, split in measured.scored.items()},
        elapsed_s=elapsed_s,
    )
