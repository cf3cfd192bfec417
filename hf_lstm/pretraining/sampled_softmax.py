"""Computes the loss of predicting words among tens of thousands, from a sample of them.

Reference:
    Bengio and Senécal, "Quick Training of Probabilistic Neural Nets by Importance Sampling" (2003); Blanc and Rendle,
    "Adaptive Sampled Softmax with Kernel Based Sampling" (2018), equation 2.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

CHUNK_SIZE = 1_024
"""Places whose logits exist at once: with 1,024 candidates these are 4 MB, which a core's own cache almost holds."""
CHUNK_SIZE_ON_GPU = 32_768
"""There each chunk takes as many launches, however small it is."""


class Candidates(NamedTuple):
    """Holds words drawn to stand for the vocabulary, shared by all places of a batch."""

    ids: Tensor
    """int64 (num_candidates,), ascending, each once."""
    log_weights: Tensor
    """float32 (num_candidates,): log of how often each was drawn, over how often it was to be expected."""

    def to(self, device: torch.device) -> "Candidates":
        """Return the same candidates on a device."""
        return Candidates(self.ids.to(device), self.log_weights.to(device))


class WordSampler:
    """Draws candidates: frequent words nearly always, rare ones now and then.

    A word's chance goes by a power of its count. Draws are stratified: one from each of `num_draws` equal parts of the
    distribution, so that the sum of weights over a group of words hardly varies.

    Args:
        counts: (vocab_size,), how often each word occurs; one that never does, such as padding, is never drawn.
        num_draws: candidates drawn; those drawn twice become one of twice the weight.
        power: of the counts. 1 draws words as often as they occur, 0 all alike.
    """

    def __init__(self, counts: NDArray[np.int64], num_draws: int, *, power: float = 0.75) -> None:
        scaled = np.where(counts > 0, counts.astype(np.float64) ** power, 0.0)
        self.probabilities = scaled / scaled.sum()
        self.num_draws = num_draws
        self._bounds = np.cumsum(self.probabilities)
        self._last_word = int(np.flatnonzero(counts)[-1])

    def draw(self, generator: np.random.Generator) -> Candidates:
        """Draw candidates; the same state of the generator gives the same ones.

        For any values x of the words that occur, `sum(exp(log_weights) * x[ids])` has the expectation `sum(x)`.
        """
        points = (np.arange(self.num_draws) + generator.random(self.num_draws)) / self.num_draws
        drawn = np.searchsorted(self._bounds, points, side="right").clip(max=self._last_word)
        ids, times = np.unique(drawn, return_counts=True)
        log_weights = np.log(times / (self.num_draws * self.probabilities[ids]))
        return Candidates(torch.from_numpy(ids), torch.from_numpy(log_weights.astype(np.float32)))


def sum_sampled_cross_entropy(
    features: Tensor, targets: Tensor, table: Tensor, bias: Tensor, candidates: Candidates
) -> Tensor:
    """Compute the summed cross-entropy of words, in nats, against candidates instead of all words.

    The logit of word w at place i is `features[i] @ table[w] + bias[w]`. The sum over all words in the softmax is
    estimated: the target's term is exact, those of all others are estimated from the candidates, without bias.

    Args:
        features: (num_places, size), in the dtype of the large products.
        targets: int64 (num_places,), the words to predict.
        table: (vocab_size, size), float32.
        bias: (vocab_size,), float32.
        candidates: of a `WordSampler` for this vocabulary.

    Returns:
        A scalar, at least float32.
    """
    dtype = features.dtype
    loss: Tensor = _SampledCrossEntropy.apply(  # type: ignore[no-untyped-call]
        features,
        torch.nn.functional.embedding(targets, table).to(dtype),
        bias[targets],
        torch.nn.functional.embedding(candidates.ids, table).to(dtype),
        bias[candidates.ids] + candidates.log_weights.to(bias.dtype),
        _find_places(targets, candidates.ids, len(bias)),
    )
    return loss


def _find_places(targets: Tensor, candidate_ids: Tensor, vocab_size: int) -> Tensor:
    """Find each target among the candidates: int64 (num_places,), -1 for none."""
    place_of = torch.full((vocab_size,), -1, dtype=torch.int64, device=targets.device)
    place_of[candidate_ids] = torch.arange(len(candidate_ids), device=targets.device)
    return place_of[targets]


class _SampledCrossEntropy(torch.autograd.Function):
    """Computes loss and gradients together, chunk by chunk.

    So the logits never exist as a whole: they would be ten times as much memory as all else in a step.
    """

    @staticmethod
    def forward(
        ctx: Any,
        features: Tensor,
        target_rows: Tensor,
        target_biases: Tensor,
        rows: Tensor,
        biases: Tensor,
        hits: Tensor,
    ) -> Tensor:
        wide = torch.promote_types(features.dtype, torch.float32)
        grad_features, grad_target_rows = torch.empty_like(features), torch.empty_like(target_rows)
        grad_target_biases = torch.empty_like(target_biases)
        grad_rows, grad_biases = torch.zeros_like(rows, dtype=wide), torch.zeros_like(biases)
        loss = torch.zeros((), dtype=wide, device=features.device)
        size = CHUNK_SIZE if features.device.type == "cpu" else CHUNK_SIZE_ON_GPU
        for start in range(0, len(features), size):
            part = slice(start, start + size)
            read, target_read = features[part], target_rows[part]
            logits = (read @ rows.T).to(wide).add_(biases)
            is_hit = hits[part] >= 0
            logits[is_hit, hits[part][is_hit]] = -torch.inf  # the target has its own term
            target_logits = (read.to(wide) * target_read).sum(dim=1) + target_biases[part]
            log_total = torch.logaddexp(logits.logsumexp(dim=1), target_logits)
            loss += (log_total - target_logits).sum()
            shares = logits.sub_(log_total[:, None]).exp_()
            grad_biases += shares.sum(dim=0)
            missing = (target_logits - log_total).expm1_()
            grad_target_biases[part] = missing
            missing = missing[:, None].to(features.dtype)
            shares = shares.to(features.dtype)
            grad_rows += shares.T @ read
            grad_features[part] = torch.addcmul(shares @ rows, missing, target_read)
            grad_target_rows[part] = missing * read
        ctx.save_for_backward(
            grad_features, grad_target_rows, grad_target_biases, grad_rows.to(rows.dtype), grad_biases
        )
        return loss

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_loss: Tensor) -> tuple[Tensor | None, ...]:
        grads = (grad * grad_loss.to(grad.dtype) for grad in ctx.saved_tensors)
        return *grads, None


def sum_cross_entropy_over_all(features: Tensor, targets: Tensor, table: Tensor, bias: Tensor) -> Tensor:
    """Compute the summed cross-entropy of words against all words, in nats, without gradients.

    Args and result are those of `sum_sampled_cross_entropy`, of which this is the exact value.
    """
    wide = torch.promote_types(features.dtype, torch.float32)
    with torch.no_grad():
        loss = torch.zeros((), dtype=wide, device=features.device)
        narrow = table.to(features.dtype)
        for start in range(0, len(features), CHUNK_SIZE):
            part = slice(start, start + CHUNK_SIZE)
            logits = (features[part] @ narrow.T).to(wide) + bias
            loss += torch.nn.functional.cross_entropy(logits, targets[part], reduction="sum")
    return loss
