"""The sampled loss: its gradients, its expectation, and its candidates."""

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from hf_lstm.pretraining import sampled_softmax
from hf_lstm.pretraining.sampled_softmax import (
    Candidates,
    WordSampler,
    sum_cross_entropy_over_all,
    sum_sampled_cross_entropy,
)

VOCAB_SIZE, SIZE = 11, 5


@pytest.fixture
def tensors() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Features, targets, table and bias, in float64."""
    generator = torch.Generator().manual_seed(3)
    features, table, bias = (
        torch.randn(shape, generator=generator, dtype=torch.float64)
        for shape in ((7, SIZE), (VOCAB_SIZE, SIZE), (VOCAB_SIZE,))
    )
    return features, torch.tensor([0, 3, 3, 10, 5, 1, 0]), table, bias


def compute_plainly(features: Tensor, targets: Tensor, table: Tensor, bias: Tensor, candidates: Candidates) -> Tensor:
    """The loss as its formula says it, place by place, for autograd to differentiate."""
    losses = []
    for place, target in zip(features, targets.tolist(), strict=True):
        logits = table @ place + bias
        others = [
            logits[word] + log_weight
            for word, log_weight in zip(candidates.ids.tolist(), candidates.log_weights.double(), strict=True)
            if word != target
        ]
        losses.append(torch.logsumexp(torch.stack([logits[target], *others]), dim=0) - logits[target])
    return torch.stack(losses).sum()


@pytest.mark.parametrize("chunk_size", [3, 1_024])
def test_loss_and_each_gradient_are_those_of_autograd(tensors, monkeypatch, chunk_size: int) -> None:
    monkeypatch.setattr(sampled_softmax, "CHUNK_SIZE", chunk_size)
    features, targets, table, bias = tensors
    candidates = Candidates(torch.tensor([0, 2, 3, 7]), torch.tensor([0.3, -1.0, 2.0, 0.0]))
    found, expected = [], []
    for compute, grads in ((sum_sampled_cross_entropy, found), (compute_plainly, expected)):
        leaves = [tensor.clone().requires_grad_() for tensor in (features, table, bias)]
        loss = compute(leaves[0], targets, leaves[1], leaves[2], candidates)
        grads += [loss.detach(), *torch.autograd.grad(loss * 3, leaves)]
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


def test_with_all_words_drawn_evenly_it_is_the_full_softmax(tensors) -> None:
    features, targets, table, bias = tensors
    all_words = Candidates(torch.arange(VOCAB_SIZE), torch.zeros(VOCAB_SIZE))
    expected = functional.cross_entropy(features @ table.T + bias, targets, reduction="sum")
    torch.testing.assert_close(sum_sampled_cross_entropy(features, targets, table, bias, all_words), expected)
    torch.testing.assert_close(sum_cross_entropy_over_all(features, targets, table, bias), expected)


def test_the_sum_of_the_softmax_is_estimated_without_bias(tensors) -> None:
    """In a vocabulary of four words, over each draw there can be."""
    features, _, table, bias = tensors
    table, bias, targets = table[:4], bias[:4], torch.tensor([0, 1, 2, 3, 0, 1, 2])
    probabilities = torch.tensor([0.5, 0.25, 0.15, 0.1], dtype=torch.float64)
    logits = features @ table.T + bias
    mean = torch.zeros(len(features), dtype=torch.float64)
    for draw in itertools.product(range(4), repeat=3):
        ids, times = np.unique(draw, return_counts=True)
        expected_times = 3 * probabilities[ids]
        weights = (torch.from_numpy(times) / expected_times).log()
        for place in range(len(features)):
            target = targets[place : place + 1]
            loss = sum_sampled_cross_entropy(
                features[place : place + 1], target, table, bias, Candidates(torch.from_numpy(ids), weights)
            )
            mean[place] += probabilities[list(draw)].prod() * (loss + logits[place, target.item()]).exp()
    torch.testing.assert_close(mean, logits.exp().sum(dim=1), rtol=1e-6, atol=0)


def test_a_word_is_drawn_as_often_as_its_weight_says() -> None:
    counts = np.array([0, 1, 10, 100, 1_000, 5, 0])
    sampler, generator = WordSampler(counts, num_draws=8), np.random.default_rng(0)
    total = np.zeros(len(counts))
    num_rounds = 4_000
    for _ in range(num_rounds):
        candidates = sampler.draw(generator)
        assert (candidates.ids.diff() > 0).all()
        np.add.at(total, candidates.ids.numpy(), candidates.log_weights.exp().numpy())
    assert total[[0, -1]].sum() == 0
    np.testing.assert_allclose(total[1:-1] / num_rounds, 1, atol=0.15)  # the rarest is drawn about 110 times


def test_frequent_words_are_always_drawn_and_equal_generators_draw_alike() -> None:
    counts = np.arange(1_000, 0, -1) ** 2
    sampler = WordSampler(counts, num_draws=2_000, power=1.0)
    first, second = (sampler.draw(np.random.default_rng(5)) for _ in range(2))
    assert torch.equal(first.ids, second.ids)
    assert torch.equal(first.log_weights, second.log_weights)
    assert set(range(200)) <= set(first.ids.tolist())  # each is expected more than twice
    assert first.log_weights[:200].abs().max() < 0.5


def test_bfloat16_features_give_nearly_the_same_loss(tensors) -> None:
    features, targets, table, bias = tensors
    candidates = Candidates(torch.tensor([0, 2, 3, 7]), torch.zeros(4))
    exact = sum_sampled_cross_entropy(features, targets, table, bias, candidates)
    rounded = sum_sampled_cross_entropy(features.bfloat16(), targets, table.float(), bias.float(), candidates)
    assert rounded.dtype == torch.float32
    torch.testing.assert_close(rounded, exact.float(), rtol=0.02, atol=0)
