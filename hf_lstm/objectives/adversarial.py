"""Trains against the worst small change of a text's word vectors.

A change moves all word vectors of a text at once. Its size is the L2 norm over the whole text. It only means something
where word vectors have a known scale: see `hf_lstm.nn.embedding_scale`.

Reference:
    Miyato, Dai and Goodfellow, "Adversarial Training Methods for Semi-Supervised Text Classification" (2017); Miyato et
    al., "Virtual Adversarial Training" (2018).
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from hf_lstm.nn.random_numbers import get_generator

Classify = Callable[[Tensor], Tensor]
"""Computes logits `(batch, num_labels)` from word vectors `(batch, time, embedding_dim)`, the same at every call: what
is random, such as dropout, has been done to the word vectors, or is frozen."""

Loss = Callable[[Tensor], Tensor]
"""Computes a scalar from word vectors `(batch, time, embedding_dim)`."""

POWER_STEP = 0.1
"""Length of the random change from which the worst one is found, xi in the paper."""


def backward_with_adversary(
    embedded: Tensor,
    compute_loss: Loss,
    lengths: Tensor,
    *,
    epsilon: float | None,
    more_losses: Sequence[Loss] = (),
) -> Tensor:
    """Add the gradients of a loss, of the same loss after the change of the texts that raises it most, and of others.

    The gradient of the first one tells that change, which then counts as a constant. So it takes twice the time of the
    loss alone. One loss is differentiated after the other, so that memory holds the graph of one.

    Args:
        embedded: `(batch, time, embedding_dim)`.
        compute_loss: computes a scalar from word vectors like these.
        lengths: int64 `(batch,)`: padding is not changed.
        epsilon: the size of each text's change; None changes nothing.
        more_losses: likewise, without a change; called in their order after the first.

    Returns:
        The sum of all losses, without a graph.
    """
    vectors = embedded.detach().requires_grad_()
    total = _backward(compute_loss(vectors))
    if epsilon is not None:
        assert vectors.grad is not None
        total = total + _backward(compute_loss(vectors + scale_to(vectors.grad, lengths, epsilon)))
    for compute_another in more_losses:
        total = total + _backward(compute_another(vectors))
    if embedded.requires_grad and vectors.grad is not None:
        embedded.backward(vectors.grad)  # type: ignore[no-untyped-call]
    return total


def _backward(loss: Tensor) -> Tensor:
    """Add a loss's gradients, if it has any, and return it without its graph."""
    if loss.requires_grad:
        loss.backward()  # type: ignore[no-untyped-call]
    return loss.detach()


def sum_virtual_adversarial_divergence(
    classify: Classify,
    embedded: Tensor,
    logits: Tensor,
    lengths: Tensor,
    *,
    epsilon: float,
) -> Tensor:
    """Compute how far the answers can be moved by a small change of the texts, summed over these.

    It needs no labels. It is the divergence KL(answer, answer to the changed text) for about the worst change, which
    one step of the power method finds, from a random one. The answer counts as a constant, and so does the change.

    Args:
        classify: the network.
        embedded: `(batch, time, embedding_dim)`.
        logits: `classify(embedded)`.
        lengths: int64 `(batch,)`: padding is not changed.
        epsilon: the size of each text's change.

    Returns:
        A scalar, 0 where `epsilon` is 0.
    """
    answer, fixed = _widen(logits.detach()).log_softmax(dim=1), embedded.detach()
    generator = get_generator() if fixed.device.type == "cpu" else None
    start = torch.randn(fixed.shape, generator=generator, dtype=fixed.dtype, device=fixed.device)
    probe = scale_to(start, lengths, POWER_STEP).requires_grad_()
    with torch.enable_grad():
        divergence = sum_divergence(answer, classify(fixed + probe))
    (gradient,) = torch.autograd.grad(divergence, probe)
    return sum_divergence(answer, classify(embedded + scale_to(gradient, lengths, epsilon)))


def sum_divergence(log_probabilities: Tensor, logits: Tensor) -> Tensor:
    """Compute the summed divergence KL(p, q) in nats, of p given as logarithms and q as logits, `(batch, labels)`."""
    others = logits.to(log_probabilities.dtype).log_softmax(dim=1)
    return functional.kl_div(others, log_probabilities, reduction="sum", log_target=True)


def sum_entropy(logits: Tensor) -> Tensor:
    """Compute the summed entropy of answers in nats, from logits `(batch, num_labels)`.

    To minimize it keeps the borders between labels away from texts without labels.

    Reference:
        Grandvalet and Bengio, "Semi-supervised Learning by Entropy Minimization" (2005).
    """
    log_probabilities = _widen(logits).log_softmax(dim=1)
    return -(log_probabilities.exp() * log_probabilities).sum()


def scale_to(direction: Tensor, lengths: Tensor, size: float) -> Tensor:
    """Scale a direction of each text to an L2 norm over its real words, and to zero at padding.

    A text whose direction is zero gets no change.

    Args:
        direction: `(batch, time, embedding_dim)`.
        lengths: int64 `(batch,)`.
        size: the norm.
    """
    is_real = torch.arange(direction.shape[1], device=direction.device) < lengths.to(direction.device)[:, None]
    # Divided by the largest first: squares of gradients such as 1e-25 are zero in float32.
    direction = direction.detach() * is_real[:, :, None]
    largest = direction.abs().amax(dim=(1, 2), keepdim=True)
    direction = direction / torch.where(largest > 0, largest, 1.0)
    norm = direction.pow(2).sum(dim=(1, 2), keepdim=True).sqrt()
    return direction * (size / torch.where(norm > 0, norm, 1.0))


def _widen(logits: Tensor) -> Tensor:
    """Cast logits to float32, unless they are wider."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))
