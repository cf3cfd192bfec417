"""Holds the state of a language model's training, and captures and restores it for checkpoints."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.optim.lr_scheduler import LRScheduler

from hf_lstm.config.pretrain import PretrainConfig
from hf_lstm.pretraining.language_model import LanguageModel
from hf_lstm.pretraining.sampled_softmax import WordSampler
from hf_lstm.pretraining.stream import WordStream
from hf_lstm.records.pretraining import PretrainEpoch
from hf_lstm.records.reading import read_record, to_json


@dataclass
class Progress:
    """Sums up the steps of the epoch that is under way."""

    loss_sum: float = 0.0
    num_predicted: int = 0
    num_tokens: int = 0
    elapsed_s: float = 0.0

    @property
    def loss(self) -> float:
        """Return the loss in nats a word."""
        return self.loss_sum / max(1, self.num_predicted)


@dataclass
class PretrainRun:
    """Holds the state of a language model's training, and its settings."""

    model: LanguageModel
    stream: WordStream
    sampler: WordSampler
    optimizer: torch.optim.Optimizer
    scheduler: LRScheduler
    dtype: torch.dtype
    config: PretrainConfig
    step: int = 0
    """Optimizer steps done."""
    epochs: list[PretrainEpoch] = field(default_factory=list)
    """The finished epochs."""
    progress: Progress = field(default_factory=Progress)

    @property
    def num_steps(self) -> int:
        """Return the number of steps of the whole run."""
        return self.config.num_epochs * self.stream.steps_per_epoch


def capture_run(run: PretrainRun) -> dict[str, Any]:
    """Return the state of a run, for `Checkpoints.save`."""
    return {
        "step": run.step,
        "model": run.model.state_dict(),
        "optimizer": run.optimizer.state_dict(),
        "scheduler": run.scheduler.state_dict(),
        "epochs": [to_json(epoch) for epoch in run.epochs],
        "progress": vars(run.progress),
    }


def restore_run(run: PretrainRun, state: Mapping[str, Any]) -> None:
    """Restore what `capture_run` returned."""
    run.step = state["step"]
    run.model.load_state_dict(state["model"])
    run.optimizer.load_state_dict(state["optimizer"])
    run.scheduler.load_state_dict(state["scheduler"])
    run.epochs = [read_record(PretrainEpoch, epoch, "the checkpoint") for epoch in state["epochs"]]
    run.progress = Progress(**state["progress"])
