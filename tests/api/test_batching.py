import asyncio
import threading

import pytest
import torch

from hf_lstm.api.batching import Batcher
from hf_lstm.errors import InputError


def test_requests_of_one_batch_do_not_get_the_error_of_another():
    may_go_on = threading.Event()

    def compute(texts):
        may_go_on.wait(30)
        if "bad" in texts:
            raise InputError("row 0 is bad")
        return torch.tensor([[float(len(text))] for text in texts])

    async def ask():
        batcher = Batcher(compute)
        first = asyncio.create_task(batcher.submit(["first"]))  # is computed while the others come
        await asyncio.sleep(0)
        others = [asyncio.create_task(batcher.submit(texts)) for texts in (["a"], ["bad"], ["bb", "ccc"])]
        await asyncio.sleep(0)
        may_go_on.set()
        answers = await asyncio.gather(first, *others, return_exceptions=True)
        batcher.close()
        return answers

    first, one, bad, two = asyncio.run(ask())
    assert first.tolist() == [[5.0]]
    assert (one.tolist(), two.tolist()) == ([[1.0]], [[2.0], [3.0]])
    with pytest.raises(InputError, match="row 0 is bad"):
        raise bad
