"""Joins the texts of concurrent requests into batches.

While a batch is computed, the texts that arrive wait, and together make the next one. A text that comes alone waits for
nothing.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import torch

T = TypeVar("T")

MAX_TEXTS_PER_BATCH = 256
MAX_WAITING_TEXTS = 4_096
"""More are refused, so that memory and waiting stay bounded."""


class BusyError(Exception):
    """Reports that too many texts wait already."""


class _Waiting(NamedTuple):
    texts: Sequence[str]
    answer: asyncio.Future[torch.Tensor]


class Batcher:
    """Computes the probabilities of texts, those of many requests at a time.

    Args:
        compute: gives (num_texts, num_labels) of texts; it is called in one thread of its own, one batch at a time.
    """

    def __init__(self, compute: Callable[[Sequence[str]], torch.Tensor]) -> None:
        self._compute = compute
        self._waiting: deque[_Waiting] = deque()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._worker: asyncio.Task[None] | None = None
        self.num_batches = 0
        """Batches that were computed."""

    async def submit(self, texts: Sequence[str]) -> torch.Tensor:
        """Compute the probabilities of a request's texts, (num_texts, num_labels).

        Raises:
            BusyError: too many wait already.
        """
        if sum(len(each.texts) for each in self._waiting) + len(texts) > MAX_WAITING_TEXTS:
            raise BusyError
        answer: asyncio.Future[torch.Tensor] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(texts, answer))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await answer

    async def run(self, call: Callable[[], T]) -> T:
        """Call something else in the model's thread, between batches."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, call)

    def close(self) -> None:
        """End the thread, once what it computes is done."""
        self._executor.shutdown()

    async def _work(self) -> None:
        while self._waiting:
            await self._answer(self._take())

    async def _answer(self, taken: Sequence[_Waiting]) -> None:
        """Answer requests together; if that fails each alone, so that none is told the error of another."""
        texts = [text for each in taken for text in each.texts]
        self.num_batches += 1
        try:
            probabilities = await self.run(lambda: self._compute(texts))
        except Exception as error:
            if len(taken) > 1:
                for each in taken:
                    await self._answer([each])
            elif not taken[0].answer.done():
                taken[0].answer.set_exception(error)
            return
        for each, rows in zip(taken, _split(probabilities, taken), strict=True):
            if not each.answer.done():  # as it is when the client has gone
                each.answer.set_result(rows)

    def _take(self) -> list[_Waiting]:
        """Take the requests of the next batch: at least one, and no more texts than fit."""
        taken = [self._waiting.popleft()]
        num_texts = len(taken[0].texts)
        while self._waiting and num_texts + len(self._waiting[0].texts) <= MAX_TEXTS_PER_BATCH:
            taken.append(self._waiting.popleft())
            num_texts += len(taken[-1].texts)
        return taken


def _split(probabilities: torch.Tensor, taken: Sequence[_Waiting]) -> Iterator[torch.Tensor]:
    """Yield the rows of each request."""
    start = 0
    for each in taken:
        yield probabilities[start : start + len(each.texts)]
        start += len(each.texts)
