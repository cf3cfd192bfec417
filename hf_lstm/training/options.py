"""Holds the options of one run, which belong to no recipe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hf_lstm.distributed.launch import ALONE, Launch
from hf_lstm.hub.cards.card import NO_CHOICES
from hf_lstm.hub.cards.metadata import CardChoices
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.storage.checkpoints import DEFAULT_MINUTES

if TYPE_CHECKING:
    from hf_lstm.sources.in_memory import InMemorySplits  # which loads what [train] installs


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Holds the options of one run.

    They belong to the run, not to the recipe.
    """

    output_dir: Path
    device: str = "auto"
    command: str = ""
    """The command line, as written into results.json."""
    overwrite: bool = False
    resume: bool = False
    show_progress: bool = True
    """Whether to show progress bars, if somebody looks on."""
    measures_baseline: bool = True
    """Whether to measure what TF-IDF with logistic regression gets on the same rows."""
    writes_report: bool = True
    """Whether to write report and card, which take their time."""
    in_memory: InMemorySplits | None = None
    """The rows, if they are in memory."""
    choices: CardChoices = NO_CHOICES
    """What the card says of licence and language."""
    model_class: type[LSTMSentiment] = LSTMSentiment
    """The class to build, train and measure: the model's, or a subclass with a forward pass of its own."""
    checkpoint_minutes: float = DEFAULT_MINUTES
    """Between two checkpoints. There is one at the end of an epoch, too, unless it would cost too much of the time."""
    checkpoint_steps: int | None = None
    """Steps between two checkpoints, which then are saved at the end of each epoch, too."""
    track: str | None = None
    """Shows the run while it trains: `trackio`, `tensorboard` or `wandb`."""
    shown_as: Path | None = None
    """The folder that a tracker names the run after, and writes beside, if that is not `output_dir`."""
    launch: Launch = ALONE
    """This process among those that train together: it leads."""
