"""Divides the rows of a step into shards, and adds up what these give in an order that nothing changes.

Each shard is computed on one core, in one of the threads of one of the processes. So the sums have the same bits
whatever the number of threads and processes: these only decide how many shards are computed at a time.
"""

import copy
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hf_lstm.distributed.processes import Processes
from hf_lstm.encoding.encoder import EncodedTexts
from hf_lstm.errors import NonFiniteError
from hf_lstm.model.prediction import compute_logits
from hf_lstm.nn.cpu.threads import run_in_threads
from hf_lstm.nn.network import LSTMNetwork
from hf_lstm.nn.random_numbers import draw_from

M = TypeVar("M", bound=LSTMNetwork)
T = TypeVar("T")


class Shards(Generic[M]):
    """Computes the gradients and the answers of a model, shard by shard.

    Args:
        model: whose gradients are computed.
        num_shards: into how many parts the rows are divided, at least one for each process.
        seed: of the random numbers, together with the step and the shard.
        processes: who else computes shards.
    """

    def __init__(self, model: M, num_shards: int, *, seed: int, processes: Processes) -> None:
        self.num_shards = num_shards
        self._model = model
        self._seed = seed
        self._processes = processes
        self._replicas = {shard: _replicate(model) for shard in range(num_shards) if self._is_mine(shard)}

    def _find_process(self, shard: int) -> int:
        """Return the process that computes a shard: each has a run of them, so that it adds up many by itself."""
        return shard * self._processes.size // self.num_shards

    def _is_mine(self, shard: int) -> bool:
        return self._find_process(shard) == self._processes.rank

    def divide(self, rows: NDArray[np.int64], lengths: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Divide row numbers into shards of like size and like lengths; some are empty where there are few rows."""
        by_length = rows[np.argsort(-lengths[rows], kind="stable")]
        return [by_length[shard :: self.num_shards] for shard in range(self.num_shards)]

    def add_gradients(
        self, step: int, parts: Sequence[T | None], add: Callable[[M, T], Tensor], *, num_figures: int
    ) -> Tensor:
        """Set the model's gradients to the sums over all shards, and return the sum of their figures.

        Args:
            step: by which the random numbers are drawn.
            parts: what each shard is to learn; None for nothing. At least one learns something.
            add: adds the gradients of a part to those of the model that it is given, which shares the weights, and
                returns figures, float32 `(num_figures,)`.
            num_figures: how many.
        """
        mine = [shard for shard in self._replicas if parts[shard] is not None]
        tasks = [functools.partial(self._compute, step, shard, parts[shard], add) for shard in mine]
        computed = dict(zip(mine, _run(tasks, self._model.device), strict=True))
        filled = [part is not None for part in parts]
        shapes = [torch.Size([num_figures]), *(parameter.shape for parameter in _list_trained(self._model))]
        figures, *gradients = self._add_up(range(self.num_shards), filled, computed, shapes)
        for parameter, gradient in zip(_list_trained(self._model), gradients, strict=True):
            parameter.grad = gradient
        return figures

    def _compute(self, step: int, shard: int, part: Any, add: Callable[[M, Any], Tensor]) -> list[Tensor]:
        """Compute the figures and the gradients of a shard."""
        replica = self._replicas[shard]
        replica.zero_grad(set_to_none=True)
        replica.train(self._model.training)
        for own, parameter in zip(replica.parameters(), self._model.parameters(), strict=True):
            own.requires_grad_(parameter.requires_grad)  # some are frozen for a while
        (seed,) = np.random.SeedSequence((self._seed, step, shard)).generate_state(1, np.uint64).tolist()
        if self._model.device.type != "cpu":  # one shard after the other
            torch.manual_seed(seed)
        with draw_from(torch.Generator().manual_seed(seed)):
            figures = add(replica, part)
        parameters = _list_trained(replica)
        return [figures, *(torch.zeros_like(each) if each.grad is None else each.grad for each in parameters)]

    def _add_up(
        self, shards: range, filled: Sequence[bool], computed: Mapping[int, list[Tensor]], shapes: Sequence[torch.Size]
    ) -> list[Tensor]:
        """Add up shards as a tree, whose shape depends on their number alone; nothing where none is filled.

        The sum of shards that are all one process's own is that process's work, and goes to the others.
        """
        if not any(filled[shard] for shard in shards):
            return []
        first, last = self._find_process(shards[0]), self._find_process(shards[-1])
        if first == last:
            total = _add_tree(shards, computed) if first == self._processes.rank else []
            return total if self._processes.size == 1 else self._exchange(total, first, shapes)
        one, other = (self._add_up(half, filled, computed, shapes) for half in _halve(shards))
        return _add_pair(one, other)

    def _exchange(self, tensors: list[Tensor], source: int, shapes: Sequence[torch.Size]) -> list[Tensor]:
        """Return tensors of one process to all; they are sent in one piece."""
        sizes = [shape.numel() for shape in shapes]
        if tensors:
            flat = torch.cat([tensor.flatten() for tensor in tensors])
        else:
            flat = torch.empty(sum(sizes), dtype=torch.float32, device=self._model.device)
        self._processes.broadcast(flat, source)
        return [part.view(shape) for part, shape in zip(torch.split(flat, sizes), shapes, strict=True)]

    def compute_logits(self, model: LSTMNetwork, texts: EncodedTexts, dtype: torch.dtype) -> Tensor:
        """Compute the logits of encoded texts, `(num_texts, num_labels)`, each row in one process.

        Raises:
            NonFiniteError: a logit is not finite.
        """
        divided = self.divide(np.arange(len(texts)), texts.lengths)

        def score(shard: int) -> Tensor:
            try:
                return compute_logits(model, texts.select(divided[shard]), dtype=dtype)
            except NonFiniteError:  # all processes are to see it, as they go on together
                return torch.full((len(divided[shard]), model.config.num_labels), torch.nan)

        mine = list(self._replicas)
        tasks = [functools.partial(score, shard) for shard in mine]
        scored = dict(zip(mine, _run(tasks, model.device), strict=True))
        logits = torch.empty(len(texts), model.config.num_labels)
        for shard, rows in enumerate(divided):
            part = scored.get(shard, torch.empty(len(rows), model.config.num_labels))
            if self._processes.size > 1:
                self._processes.broadcast(part, self._find_process(shard))
            logits[torch.from_numpy(rows)] = part
        if not torch.isfinite(logits).all():
            raise NonFiniteError("the model answers values that are not finite")
        return logits


def _run(tasks: Sequence[Callable[[], T]], device: torch.device) -> list[T]:
    """Run tasks side by side, one on each core; on an accelerator one after the other."""
    return run_in_threads(tasks) if device.type == "cpu" else [task() for task in tasks]


def _halve(shards: range) -> tuple[range, range]:
    middle = len(shards) // 2
    return shards[:middle], shards[middle:]


def _add_tree(shards: range, computed: Mapping[int, list[Tensor]]) -> list[Tensor]:
    """Add up shards of this process, as a tree."""
    if len(shards) == 1:
        return computed.get(shards[0], [])
    one, other = (_add_tree(half, computed) for half in _halve(shards))
    return _add_pair(one, other)


def _add_pair(one: list[Tensor], other: list[Tensor]) -> list[Tensor]:
    """Add the tensors of one list to those of another; either may be empty."""
    if not (one and other):
        return one or other
    return [mine.add_(others) for mine, others in zip(one, other, strict=True)]


def _replicate(model: M) -> M:
    """Copy a model so that the copy has gradients of its own, and the same weights in the same memory."""
    memo = {id(buffer): buffer for buffer in model.buffers()}
    for parameter in model.parameters():
        memo[id(parameter)] = nn.Parameter(parameter.detach(), requires_grad=parameter.requires_grad)
    return copy.deepcopy(model, memo)


def _list_trained(model: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in model.parameters() if parameter.requires_grad]
