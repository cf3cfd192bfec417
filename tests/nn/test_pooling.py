import pytest
import torch
from random_model import POOLINGS
from torch import Tensor

from hf_lstm.nn.pooling import Pooling

LENGTHS = torch.tensor([5, 1, 3])
HIDDEN_SIZE, NUM_DIRECTIONS = 4, 2


def make_states() -> tuple[Tensor, Tensor]:
    """Return outputs, zero at padding, and last states of two layers."""
    torch.manual_seed(0)
    outputs = torch.randn(3, 5, NUM_DIRECTIONS * HIDDEN_SIZE)
    for row, length in enumerate(LENGTHS):
        outputs[row, length:] = 0
    return outputs, torch.randn(2 * NUM_DIRECTIONS, 3, HIDDEN_SIZE)


def make_pooling(kind: str) -> Pooling:
    torch.manual_seed(1)
    return Pooling(kind, HIDDEN_SIZE, NUM_DIRECTIONS)


def pool_row(pooling: Pooling, states: Tensor, last_states: Tensor) -> Tensor:
    """Return the features of one row's real states, by their definition."""
    if pooling.kind == "attention":
        scores = torch.stack([pooling.query(torch.tanh(pooling.projection(state))) for state in states])
        return (states * scores.exp() / scores.exp().sum()).sum(dim=0)
    by_kind = {
        "last": last_states[-NUM_DIRECTIONS:].flatten(),
        "mean": states.mean(dim=0),
        "max": states.amax(dim=0),
        "mean_max": torch.cat([states.mean(dim=0), states.amax(dim=0)]),
        "last_mean_max": torch.cat([last_states[-NUM_DIRECTIONS:].flatten(), states.mean(dim=0), states.amax(dim=0)]),
    }
    return by_kind[pooling.kind]


@pytest.mark.parametrize("needs_gradients", [True, False])
@pytest.mark.parametrize("kind", POOLINGS)
def test_features_are_those_of_each_rows_real_states(kind, needs_gradients):
    pooling = make_pooling(kind)
    outputs, last_states = make_states()
    with torch.set_grad_enabled(needs_gradients):
        features = pooling(outputs.clone(), last_states, LENGTHS)
    assert features.shape == (3, pooling.num_features)
    for row, length in enumerate(LENGTHS):
        expected = pool_row(pooling, outputs[row, :length], last_states[:, row])
        torch.testing.assert_close(features[row], expected)


@pytest.mark.parametrize("kind", [kind for kind in POOLINGS if kind != "last"])
def test_outputs_stay_as_they_are_where_gradients_ask_for_them(kind):
    outputs, last_states = make_states()
    before = outputs.clone()
    make_pooling(kind)(outputs.requires_grad_(), last_states, LENGTHS).sum().backward()
    assert torch.equal(outputs, before)
    assert torch.isfinite(outputs.grad).all()


def test_attention_learns_and_the_others_have_nothing_to_learn():
    assert not list(make_pooling("mean_max").parameters())
    pooling = make_pooling("attention")
    pooling(*make_states(), LENGTHS).square().sum().backward()
    assert all(parameter.grad.any() for parameter in pooling.parameters())


def test_gradients_of_attention_never_come_from_padding():
    pooling = make_pooling("attention").double()
    outputs, last_states = make_states()
    outputs = outputs.double().requires_grad_()
    pooling(outputs, last_states, LENGTHS).square().sum().backward()
    for row, length in enumerate(LENGTHS):
        assert outputs.grad[row, :length].any(dim=1).all()
        assert not outputs.grad[row, length:].any()
