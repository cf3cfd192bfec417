"""Connects the processes that train together."""

import contextlib
import datetime
import os
import signal
from collections.abc import Iterator
from types import FrameType
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed

from hf_lstm.distributed.launch import ALONE, Launch
from hf_lstm.errors import InputError, LostProcessError
from hf_lstm.runtime.ending import ENDING_SIGNALS, EndWatch

T = TypeVar("T")

_MAX_WAIT = datetime.timedelta(days=1)
"""For the others. Some wait long, while the first one saves or measures; those that die are noticed otherwise."""


class Processes:
    """Holds this process's place among those that train together, and what they tell each other.

    All must make the same calls in the same order. Alone, a process tells nobody, and need not ask.
    """

    def __init__(self, launch: Launch = ALONE) -> None:
        self.launch = launch
        self.is_asked_to_end = False
        """Whether a process that does not lead was sent Ctrl-C or SIGTERM. It ends when all do, after a step."""

    @property
    def rank(self) -> int:
        """Return the number of this process."""
        return self.launch.rank

    @property
    def size(self) -> int:
        """Return how many processes there are."""
        return self.launch.num_processes

    @contextlib.contextmanager
    def connected(self) -> Iterator[None]:
        """Connect the processes during a block, on entering which each waits for all.

        Raises:
            LostProcessError: not all of them came.
        """
        if self.size == 1:
            yield
            return
        if torch.cuda.is_available():
            torch.cuda.set_device(self.launch.local_rank % torch.cuda.device_count())
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        with _ending_with_the_others(self):
            with _naming_the_lost():
                distributed.init_process_group(backend, timeout=_MAX_WAIT)
            yield
            distributed.destroy_process_group()

    def dismiss(self) -> None:
        """Tell the others that there is nothing to do."""
        if self.size > 1:
            with self.connected():
                self.share(value=False)

    def share(self, value: T) -> T:
        """Return the leading process's value, of any type, to all."""
        if self.size == 1:
            return value
        values = [value]
        with _naming_the_lost():
            distributed.broadcast_object_list(values, src=0, device=torch.device("cpu"))
        return values[0]

    def agree_to_end(self, is_asked: bool) -> bool:
        """Tell whether any process was asked to end, for all of them to do so after the same step.

        Args:
            is_asked: whether this one was, if it leads; the others notice by themselves.
        """
        if self.size == 1:
            return False
        asked = torch.tensor(is_asked or self.is_asked_to_end, dtype=torch.int32)
        with _naming_the_lost():
            distributed.all_reduce(asked, op=distributed.ReduceOp.MAX)
        return bool(asked)

    def broadcast(self, tensor: Tensor, source: int) -> None:
        """Copy a tensor of one process into those of the others, which must be like it."""
        with _naming_the_lost():
            distributed.broadcast(tensor, src=source)

    def require_same(self, facts: dict[str, Any]) -> None:
        """Check that all processes have found the same facts.

        Raises:
            InputError: they differ, so that these processes would train different models.
        """
        of_first = self.share(facts)
        if differing := [name for name in facts if facts[name] != of_first[name]]:
            raise InputError(
                f"process {self.rank} has found other {' and '.join(differing)} than process 0: start all on the same "
                "files, with the same versions of the libraries"
            )


def find_device(name: str, launch: Launch) -> str:
    """Return the device of one of several processes: on a machine with GPUs, each has its own.

    Raises:
        InputError: there are more processes on this machine than GPUs. NCCL has no two of them on one.
    """
    if launch.num_processes == 1 or name not in ("auto", "cuda") or not torch.cuda.is_available():
        return name
    num_gpus = torch.cuda.device_count()
    if launch.local_rank >= num_gpus:
        raise InputError(
            f"process {launch.local_rank} of this machine has no GPU of its own: there are {num_gpus}; start "
            f"{num_gpus} (torchrun --nproc-per-node {num_gpus}), or train on the CPU (--device cpu)"
        )
    return f"cuda:{launch.local_rank}"


@contextlib.contextmanager
def _naming_the_lost() -> Iterator[None]:
    """Name what a failed exchange means."""
    try:
        yield
    except LostProcessError:
        raise
    except (RuntimeError, ValueError) as error:  # also DistBackendError, DistNetworkError and DistStoreError
        if type(error) is not RuntimeError and not isinstance(error, distributed.DistError):
            raise
        raise LostProcessError(
            "another process of this training ended, or cannot be reached; go on with --resume "
            f"({str(error).splitlines()[0][:200]})"
        ) from error


@contextlib.contextmanager
def _ending_with_the_others(processes: Processes) -> Iterator[None]:
    """End this process when it should, even while it waits for one that died.

    `torchrun` sends SIGTERM to all as soon as one dies. Python's own handler does not run while PyTorch waits.
    The watch notices as well if `torchrun` itself is gone.
    """
    before = {}
    if not processes.launch.leads:

        def note(number: int, frame: FrameType | None) -> None:
            processes.is_asked_to_end = True

        heard = [each for each in ENDING_SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
        before = {number: signal.signal(number, note) for number in heard}
    watch = EndWatch(parent=os.getppid())
    watch.start()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        watch.stop()
