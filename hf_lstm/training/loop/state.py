"""Holds the state of a training run, and captures and restores it for checkpoints."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from hf_lstm.config import TrainConfig
from hf_lstm.distributed.processes import Processes
from hf_lstm.distributed.shards import Shards
from hf_lstm.encoding.encoder import EncodedTexts
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.records.reading import read_record
from hf_lstm.records.results import Epoch, EpochFigures


@dataclass
class EpochProgress:
    """Adds up what was done of an epoch."""

    epoch: int = 0
    """Counted from 1; 0 before the first."""
    num_steps: int = 0
    loss_sum: float = 0.0
    weight_sum: float = 0.0
    num_correct: int = 0
    num_rows: int = 0
    elapsed_s: float = 0.0
    """Of the steps and the validation that are done."""

    def add(self, loss_sum: float, weight_sum: float, num_correct: int, num_rows: int) -> None:
        """Add a step."""
        self.num_steps += 1
        self.loss_sum += loss_sum
        self.weight_sum += weight_sum
        self.num_correct += num_correct
        self.num_rows += num_rows

    @property
    def figures(self) -> EpochFigures:
        """Return the means so far. The loss is what is minimized."""
        return EpochFigures(loss=self.loss_sum / self.weight_sum, accuracy=self.num_correct / self.num_rows)


@dataclass
class TrainingRun:
    """Holds the state of a training run, and its settings."""

    model: LSTMSentiment
    averaged: AveragedModel | None
    """A copy with the average of its weights, if `config.ema_decay` is set."""
    optimizer: torch.optim.Optimizer
    scheduler: torch.optim.lr_scheduler.LRScheduler
    row_weights: NDArray[np.float32]
    """(num_rows,), how often each row of train counts."""
    dtype: torch.dtype
    """Of the forward and backward passes. Weights and optimizer state stay float32."""
    config: TrainConfig
    processes: Processes
    """Those that train together."""
    shards: Shards[LSTMSentiment] | None
    """What divides a step's rows; None where they are learned together, in ways that depend on the threads."""
    lower_parameters: Sequence[nn.Parameter] = ()
    """Those of embedding and LSTM that learn, but for frozen steps."""
    unlabeled: EncodedTexts | None = None
    """Texts without labels, if steps read any."""
    step: int = 0
    """Optimizer steps done."""
    progress: EpochProgress = field(default_factory=EpochProgress)
    """Of the epoch that is not finished."""
    epochs: list[Epoch] = field(default_factory=list)
    """The finished epochs."""
    best_weights: dict[str, Tensor] | None = None
    """Those after the best of the finished epochs."""

    @property
    def is_frozen(self) -> bool:
        """Tell whether embedding and LSTM stay as they are in the next step."""
        return self.step < self.config.frozen_steps

    @property
    def evaluated_model(self) -> LSTMSentiment:
        """Return the model to measure and to keep."""
        if self.averaged is None:
            return self.model
        assert isinstance(self.averaged.module, LSTMSentiment)
        return self.averaged.module


def capture_run(run: TrainingRun) -> dict[str, Any]:
    """Return all that a run is, but for its rows, its settings and the random numbers.

    The order of the rows is a function of seed and epoch alone.
    """
    return {
        "model": run.model.state_dict(),
        "averaged": None if run.averaged is None else run.averaged.state_dict(),
        "optimizer": run.optimizer.state_dict(),
        "scheduler": run.scheduler.state_dict(),
        "step": run.step,
        "progress": dataclasses.asdict(run.progress),
        "epochs": [dataclasses.asdict(epoch) for epoch in run.epochs],
        "best_weights": run.best_weights,
    }


def restore_run(run: TrainingRun, state: Mapping[str, Any]) -> None:
    """Put what `capture_run` returned into a run at step 0, of the same settings."""
    run.model.load_state_dict(state["model"])
    if run.averaged is not None:
        run.averaged.load_state_dict(state["averaged"])
    run.optimizer.load_state_dict(state["optimizer"])
    run.scheduler.load_state_dict(state["scheduler"])
    run.step = state["step"]
    run.progress = EpochProgress(**state["progress"])
    run.epochs = [read_record(Epoch, epoch, "the checkpoint") for epoch in state["epochs"]]
    device = run.model.device
    best = state["best_weights"]
    run.best_weights = None if best is None else {name: tensor.to(device) for name, tensor in best.items()}
