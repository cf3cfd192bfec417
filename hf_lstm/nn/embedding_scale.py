"""Gives word vectors a known scale, without a change of what the network answers."""

import torch
from torch import Tensor, nn

from hf_lstm.nn.network import LSTMNetwork

MIN_VARIANCE = 1e-12


@torch.no_grad()
def normalize_embedding(network: LSTMNetwork, counts: Tensor) -> None:
    """Shift and scale each dimension of the word vectors to mean 0 and variance 1, over the words of texts.

    The first layer's input weights and biases take back shift and scale: the network computes what it did, up to
    rounding. Then a change of a word vector by a length means as much in every network. Padding stays zero, unless
    steps of several words read it.

    Args:
        network: changed in place.
        counts: (vocab_size,), how often each word occurs.

    Reference:
        Miyato, Dai and Goodfellow (2017), section 3.
    """
    table = network.embedding.weight
    shares = counts.to(table) / counts.sum()
    mean = shares @ table
    scale = (shares @ (table - mean).square()).clamp(min=MIN_VARIANCE).sqrt()
    table.sub_(mean).div_(scale)
    num_words = network.config.words_per_step
    if network.embedding.padding_idx is not None and num_words == 1:
        table[network.embedding.padding_idx] = 0.0
    for suffix in ("", "_reverse")[: network.lstm.num_directions]:
        weight: nn.Parameter = getattr(network.lstm, f"weight_ih_l0{suffix}")
        bias: nn.Parameter = getattr(network.lstm, f"bias_ih_l0{suffix}")
        bias.add_(weight @ mean.repeat(num_words))
        weight.mul_(scale.repeat(num_words))
