"""Shares the arguments and hints of commands whose runs can be resumed."""

import argparse
import contextlib
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from typing import Protocol

from hf_lstm.cli.common.parser import name_command
from hf_lstm.cli.common.signals import EXIT_INTERRUPTED
from hf_lstm.cli.common.standard_streams import say
from hf_lstm.distributed.launch import ALONE, read_launch


class Resumable(Protocol):
    """What a command fills."""

    @property
    def can_be_resumed(self) -> bool:
        """Tell whether `--resume` would go on with it."""


def add_resume_arguments(parser: argparse.ArgumentParser, *, counts_steps: bool = True) -> None:
    """Add the arguments for what the output folder holds already, and for checkpoints: by time, and by steps."""
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--overwrite", action="store_true", help="replace the run that the output folder holds")
    start.add_argument(
        "--resume",
        action="store_true",
        help="go on with the unfinished run that the output folder holds, to the bit; start anew if there is none",
    )
    parser.add_argument(
        "--checkpoint-minutes",
        metavar="M",
        type=float,
        default=5.0,
        help="save every M minutes: a run that dies loses no more than that (default: %(default)g)",
    )
    if counts_steps:
        parser.add_argument(
            "--checkpoint-steps", metavar="N", type=int, help="save after every N steps and each epoch, too"
        )


def check_resume_arguments(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    """End with a usage error if checkpoints are to be saved after no time, or no step."""
    minutes, steps = arguments.checkpoint_minutes, arguments.checkpoint_steps
    if not minutes > 0 or (steps is not None and steps < 1):
        parser.error("--checkpoint-minutes and --checkpoint-steps must be more than 0")


def name_start(command: str) -> str:
    """Return how to start a command as this process was started: by itself, or in several processes by `torchrun`.

    Of several machines, each starts as many processes as this one.
    """
    called = name_command(command)
    if read_launch() == ALONE:
        return called
    num_here = os.environ.get("LOCAL_WORLD_SIZE", os.environ["WORLD_SIZE"])
    num_machines = int(os.environ["WORLD_SIZE"]) // max(1, int(num_here))
    options = [f"--nnodes {num_machines}"] if num_machines > 1 else []
    program = called.removeprefix("python ") if called.startswith("python ") else f"--no-python {called}"
    return " ".join(["torchrun", *options, f"--nproc-per-node {num_here}", program])


@contextlib.contextmanager
def say_how_to_resume(folder: Resumable, command: str, argv: Sequence[str]) -> Iterator[None]:
    """Run a block that fills `folder`; if it is stopped and can be resumed, say how, and exit."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as ending:
        if not folder.can_be_resumed:
            raise
        again = [argument for argument in argv if argument not in ("--overwrite", "--resume")]
        say(f"stopped; go on with: {name_start(command)} {shlex.join([*again, '--resume'])}")
        sys.exit(ending.code if isinstance(ending, SystemExit) else EXIT_INTERRUPTED)
