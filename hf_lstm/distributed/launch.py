"""Finds out whether this process is one of several that train together, without PyTorch."""

import os
from dataclasses import dataclass

from hf_lstm.errors import InputError

_VARIABLES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
"""What `torchrun` tells the processes that it starts."""
_DEFAULT_SHARDS = 4
"""For a run of several processes: enough that 2 of them with 2 threads each are busy."""


@dataclass(frozen=True)
class Launch:
    """Says which of how many processes this one is."""

    rank: int = 0
    """Its number. The first one, 0, leads: it alone writes files and speaks."""
    num_processes: int = 1
    local_rank: int = 0
    """Its number on this machine, and that of its accelerator."""

    @property
    def leads(self) -> bool:
        """Tell whether this is the process that writes and speaks."""
        return self.rank == 0


ALONE = Launch()
"""The one process that there is."""


def read_launch() -> Launch:
    """Read what `torchrun` told this process. Without `torchrun`, it is the only one.

    Raises:
        InputError: what the environment says is no number.
    """
    values = {name: os.environ.get(name, "") for name in _VARIABLES}
    if not all(values.values()) or values["WORLD_SIZE"] == "1":
        return ALONE
    numbers = [values[name] for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK")]
    if not all(number.isdecimal() for number in numbers):
        raise InputError(f"RANK, WORLD_SIZE and LOCAL_RANK are {', '.join(numbers)}, but must be numbers, of torchrun")
    return Launch(*map(int, numbers))


def choose_num_shards(num_shards: int | None, num_processes: int) -> int | None:
    """Choose into how many shards the rows of a step are divided: several for several processes.

    Raises:
        InputError: there are fewer than processes.
    """
    if num_processes == 1:
        return num_shards
    if num_shards is None:
        return max(_DEFAULT_SHARDS, num_processes)
    if num_shards < num_processes:
        raise InputError(
            f"train.num_shards is {num_shards}, but there are {num_processes} processes, which need a shard each: "
            f"start {num_shards} of them, or set train.num_shards={num_processes}"
        )
    return num_shards
