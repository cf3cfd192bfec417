"""Word vectors of a known scale answer as those before."""

import pytest
import torch

from hf_lstm.config import ModelSettings
from hf_lstm.nn.embedding_scale import normalize_embedding
from hf_lstm.nn.network import LSTMNetwork


@pytest.mark.parametrize(("bidirectional", "words_per_step"), [(True, 1), (False, 1), (True, 3)])
def test_the_scale_is_known_and_the_answers_stay(bidirectional: bool, words_per_step: int) -> None:
    torch.manual_seed(0)
    settings = ModelSettings(
        embedding_dim=5,
        words_per_step=words_per_step,
        hidden_size=6,
        num_layers=2,
        bidirectional=bidirectional,
        pooling="mean",
    )
    network = LSTMNetwork(settings.resolve(vocab_size=9, label_names=["a", "b"])).double().eval()
    with torch.no_grad():
        network.embedding.weight.mul_(0.01).add_(torch.randn(5)).mul_(torch.rand(5) + 0.1)
        network.embedding.weight[0] = 0.0
    counts = torch.tensor([0, 4, 30, 20, 10, 5, 2, 1, 1])
    ids, lengths = torch.tensor([[2, 3, 4, 8], [5, 1, 0, 0]]), torch.tensor([4, 2])
    before = network(ids, lengths)
    normalize_embedding(network, counts)
    torch.testing.assert_close(network(ids, lengths), before, rtol=1e-5, atol=1e-7)
    words = network.embedding.weight.repeat_interleave(counts, dim=0)
    torch.testing.assert_close(words.mean(dim=0), torch.zeros(5, dtype=torch.float64), rtol=0, atol=1e-9)
    torch.testing.assert_close(words.var(dim=0, correction=0), torch.ones(5, dtype=torch.float64))
    assert bool(network.embedding.weight[0].any()) == (words_per_step > 1)  # then it is read
