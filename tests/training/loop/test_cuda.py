"""Training on a CUDA device: every objective learns there, and the model answers as it does on a CPU."""

import dataclasses

import numpy as np
import pytest
import torch
from tiny_training import TRAIN, make_model, make_rows

from hf_lstm.model.prediction import compute_logits
from hf_lstm.training.loop.epochs import start_run, train
from hf_lstm.training.loop.step import train_step

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")

OBJECTIVES = {
    "labels": {},
    "adversarial": {"adversarial_epsilon": 0.5},
    "virtual": {
        "virtual_adversarial_epsilon": 0.5,
        "entropy_weight": 0.1,
        "unlabeled": "texts.txt",
        "unlabeled_batches_per_step": 1,
    },
}


@pytest.mark.parametrize(("precision", "cuda_graphs"), [("float32", False), ("bfloat16", False), ("bfloat16", True)])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_learns_and_answers_as_on_a_cpu(objective, precision, cuda_graphs):
    config = dataclasses.replace(
        TRAIN, precision=precision, cuda_graphs=cuda_graphs, ema_decay=0.9, num_epochs=6, **OBJECTIVES[objective]
    )
    model = make_model(bidirectional=True, pooling="last_mean_max", direction_dropout=0.5, embedding_dropout=0.1)
    unlabeled = make_rows(200, seed=7).texts if config.unlabeled_batches_per_step else None
    epochs = train(
        model.cuda(), make_rows(400, seed=0), make_rows(100, seed=1), config, unlabeled=unlabeled, show_progress=False
    )
    assert max(epoch.validation.accuracy for epoch in epochs) > 0.9
    texts = make_rows(50, seed=2).texts
    on_cuda = torch.as_tensor(compute_logits(model, texts, dtype=torch.float32)).cpu()
    on_cpu = torch.as_tensor(compute_logits(model.cpu(), texts, dtype=torch.float32))
    torch.testing.assert_close(on_cuda, on_cpu, rtol=1e-2, atol=1e-2)  # cuDNN rounds to TF32


def test_gradients_of_virtual_adversaries_in_bfloat16_are_near_those_in_float32():
    """In float16, which autocast would choose for cuDNN, the gradient of so small a divergence is zero."""
    found = []
    for precision in ("float32", "bfloat16"):
        config = dataclasses.replace(TRAIN, precision=precision, max_grad_norm=None, **OBJECTIVES["virtual"])
        rows = make_rows(16, seed=0)
        run = start_run(make_model(pooling="mean_max").cuda(), rows, config, unlabeled=make_rows(16, seed=7).texts)
        torch.manual_seed(3)
        train_step(run, rows, np.arange(16), unlabeled=(np.arange(16),))
        found.append(torch.cat([parameter.grad.flatten() for parameter in run.model.parameters()]))
    cosine = torch.nn.functional.cosine_similarity(*found, dim=0)
    assert cosine > 0.95
