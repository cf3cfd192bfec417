"""The adversarial objectives: what they are in closed form, and their gradients."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from hf_lstm.nn.random_numbers import draw_from
from hf_lstm.objectives.adversarial import (
    backward_with_adversary,
    scale_to,
    sum_divergence,
    sum_entropy,
    sum_virtual_adversarial_divergence,
)

LENGTHS = torch.tensor([4, 2, 3])
LABELS = torch.tensor([0, 1, 1])
EPSILON = 0.7


@pytest.fixture
def embedded() -> Tensor:
    return torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


class Reader(nn.Module):
    """A small network that reads real words alone, each in its own way."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.first, self.second = nn.Linear(5, 6).double(), nn.Linear(6, 3).double()

    def forward(self, embedded: Tensor) -> Tensor:
        is_real = torch.arange(4) < LENGTHS[:, None]
        places = torch.arange(1.0, 5.0, dtype=embedded.dtype)[:, None]
        return self.second((torch.tanh(self.first(embedded) * places) * is_real[:, :, None]).sum(dim=1))


def test_a_change_has_its_size_and_leaves_padding(embedded: Tensor) -> None:
    change = scale_to(embedded, LENGTHS, EPSILON)
    torch.testing.assert_close(change.flatten(1).norm(dim=1), torch.full((3,), EPSILON, dtype=torch.float64))
    assert change[1, 2:].abs().sum() == change[2, 3:].abs().sum() == 0
    cosine = functional.cosine_similarity(change[0].flatten(), embedded[0].flatten(), dim=0)
    torch.testing.assert_close(cosine, torch.tensor(1.0, dtype=torch.float64))


def test_a_direction_may_be_zero_or_tiny(embedded: Tensor) -> None:
    assert scale_to(torch.zeros_like(embedded), LENGTHS, EPSILON).abs().sum() == 0
    tiny = scale_to((embedded * 1e-30).float(), LENGTHS, EPSILON)
    torch.testing.assert_close(tiny.double(), scale_to(embedded, LENGTHS, EPSILON), rtol=1e-5, atol=1e-6)


def test_the_adversarial_change_is_the_worst_one_of_its_size_for_a_linear_network(embedded: Tensor) -> None:
    """The logit of a linear network falls by epsilon times the length of its weights, and by no more."""
    weights = torch.randn(4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    signs = torch.where(LABELS == 1, 1.0, -1.0).double()

    def compute_loss(vectors: Tensor) -> Tensor:
        return functional.softplus(-signs * (vectors * weights).sum(dim=(1, 2))).sum()

    found = backward_with_adversary(embedded, compute_loss, torch.full((3,), 4), epsilon=EPSILON)
    logits = signs * (embedded * weights).sum(dim=(1, 2))
    expected = functional.softplus(-logits) + functional.softplus(-logits + EPSILON * weights.norm())
    torch.testing.assert_close(found, expected.sum())


def test_both_losses_add_their_gradients(embedded: Tensor) -> None:
    reader, table = Reader(), embedded.clone().requires_grad_()
    changes: list[Tensor] = []

    def compute_loss(vectors: Tensor) -> Tensor:
        changes.append((vectors - 2 * table).detach())
        return functional.cross_entropy(reader(vectors), LABELS, reduction="sum")

    total = backward_with_adversary(2 * table, compute_loss, LENGTHS, epsilon=EPSILON)
    found = [leaf.grad.clone() for leaf in (table, *reader.parameters())]
    expected = compute_loss(2 * table) + compute_loss(2 * table + changes[1])
    torch.testing.assert_close(total, expected.detach())
    torch.testing.assert_close(changes[1].flatten(1).norm(dim=1), torch.full((3,), EPSILON, dtype=torch.float64))
    for one, other in zip(found, torch.autograd.grad(expected, [table, *reader.parameters()]), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


def test_a_frozen_embedding_gets_no_gradient(embedded: Tensor) -> None:
    reader = Reader()
    backward_with_adversary(embedded, lambda vectors: reader(vectors).sum(), LENGTHS, epsilon=EPSILON)
    assert embedded.grad is None


def test_virtual_gradients_are_those_of_the_divergence_with_a_fixed_change(embedded: Tensor) -> None:
    reader = Reader()
    embedded.requires_grad_()
    leaves = [embedded, *reader.parameters()]
    logits = reader(embedded)
    seen: list[Tensor] = []

    def classify(vectors: Tensor) -> Tensor:
        seen.append((vectors - embedded).detach())
        return reader(vectors)

    found = sum_virtual_adversarial_divergence(classify, embedded, logits, LENGTHS, epsilon=EPSILON)
    answer = logits.detach().softmax(dim=1)
    expected = (answer * (answer.log() - reader(embedded + seen[-1]).log_softmax(dim=1))).sum()
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(seen[-1].flatten(1).norm(dim=1), torch.full((3,), EPSILON, dtype=torch.float64))
    grads = torch.autograd.grad(found, leaves, retain_graph=True)
    for one, other in zip(grads, torch.autograd.grad(expected, leaves), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


def test_the_virtual_change_is_the_dominant_direction(embedded: Tensor) -> None:
    """With two labels and a linear network the divergence has a single direction, which one step finds."""
    weights = torch.randn(4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    lengths = torch.full((3,), 4)
    changes: list[Tensor] = []

    def classify(vectors: Tensor) -> Tensor:
        changes.append((vectors - embedded).detach())
        logit = (vectors * weights).sum(dim=(1, 2))
        return torch.stack([torch.zeros_like(logit), logit], dim=1)

    logits = classify(embedded)
    sum_virtual_adversarial_divergence(classify, embedded, logits, lengths, epsilon=EPSILON)
    cosines = functional.cosine_similarity(changes[-1].flatten(1), weights.flatten()[None], dim=1)
    torch.testing.assert_close(cosines.abs(), torch.ones(3, dtype=torch.float64), rtol=1e-3, atol=0)


def test_without_a_change_the_virtual_objective_is_zero(embedded: Tensor) -> None:
    reader = Reader()
    found = sum_virtual_adversarial_divergence(reader, embedded, reader(embedded), LENGTHS, epsilon=0.0)
    assert found.item() == pytest.approx(0, abs=1e-12)
    for grad in torch.autograd.grad(found, list(reader.parameters())):
        assert grad.abs().max() < 1e-12


def test_the_same_generator_gives_the_same_change(embedded: Tensor) -> None:
    reader, found = Reader(), []
    for seed in (5, 5, 6):
        with draw_from(torch.Generator().manual_seed(seed)):
            divergence = sum_virtual_adversarial_divergence(reader, embedded, reader(embedded), LENGTHS, epsilon=1.0)
        found.append(divergence.item())
    assert found[0] == found[1] != found[2]


def test_divergence_and_entropy_in_numbers() -> None:
    even, sure = torch.zeros(1, 2, dtype=torch.float64), torch.tensor([[0.0, 3.0]], dtype=torch.float64)
    log2 = torch.tensor(2.0, dtype=torch.float64).log()
    torch.testing.assert_close(sum_entropy(torch.cat([even, even])), 2 * log2)
    p = torch.sigmoid(sure[0, 1])
    torch.testing.assert_close(sum_entropy(sure), -(p * p.log() + (1 - p) * (1 - p).log()))
    expected = -log2 - 0.5 * (p.log() + (1 - p).log())
    torch.testing.assert_close(sum_divergence(even.log_softmax(dim=1), sure), expected)
    assert sum_divergence(sure.log_softmax(dim=1), sure).abs() < 1e-12
