"""Summaries of states are those of the outputs, and so are their gradients."""

import hypothesis
import hypothesis.strategies as st
import pytest
import torch
from packed_lstm import HIDDEN_SIZE, INPUT_SIZE, TIME, make_inputs, make_lstm
from torch import Tensor

from hf_lstm.nn.ragged_lstm import RaggedLSTM

WANTED = frozenset({"last", "total", "maximum"})


def pool_outputs(lstm: RaggedLSTM, inputs: Tensor, lengths: Tensor) -> dict[str, Tensor]:
    outputs, last_states = lstm(inputs, lengths)
    is_padding = (torch.arange(inputs.shape[1]) >= lengths[:, None])[:, :, None]
    num_directions = 2 if lstm.bidirectional else 1
    return {
        "last": torch.cat(list(last_states[-num_directions:]), dim=1),
        "total": outputs.sum(dim=1),
        "maximum": outputs.masked_fill(is_padding, -torch.inf).amax(dim=1),
    }


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@hypothesis.settings(
    deadline=None, max_examples=12, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(st.lists(st.integers(1, 40), min_size=1, max_size=60), st.integers(1, 3), st.booleans())
def test_summaries_are_those_of_the_outputs(
    dtype: torch.dtype, lengths: list[int], num_layers: int, bidirectional: bool
) -> None:
    is_half = dtype == torch.bfloat16
    lstm = make_lstm(num_layers, bidirectional=bidirectional).to(torch.float32 if is_half else dtype)
    row_lengths, time = torch.tensor(lengths), max(lengths) + 1
    table = torch.randn(20, INPUT_SIZE, generator=torch.Generator().manual_seed(3)).to(lstm.weight_ih_l0.dtype)
    indices = torch.randint(20, (len(lengths), time), generator=torch.Generator().manual_seed(4))
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=is_half):
        expected = pool_outputs(lstm, table[indices], row_lengths)
        from_table = lstm.summarize(table, row_lengths, WANTED, indices=indices)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=is_half):
        from_inputs = lstm.summarize(table[indices], row_lengths, WANTED)
    tolerance = 2e-2 if is_half else 1e-12
    for states in (from_table, from_inputs):
        for field in WANTED:
            found = getattr(states, field).flatten(1).to(expected[field].dtype)
            torch.testing.assert_close(found, expected[field], rtol=tolerance, atol=tolerance)


@pytest.mark.usefixtures("_threads")
@hypothesis.settings(
    deadline=None, max_examples=15, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(
    st.lists(st.integers(1, 25), min_size=1, max_size=50),
    st.integers(1, 3),
    st.booleans(),
    st.sets(st.sampled_from(sorted(WANTED)), min_size=1),
)
def test_gradients_of_summaries_are_those_of_the_outputs(
    lengths: list[int], num_layers: int, bidirectional: bool, wanted: set[str]
) -> None:
    lstm = make_lstm(num_layers, bidirectional=bidirectional).double()
    row_lengths = torch.tensor(lengths)
    inputs = make_inputs(row_lengths, time=max(lengths) + 2).double()
    gradients = []
    for by_row in (True, False):
        leaf = inputs.clone().requires_grad_()
        if by_row:
            states = lstm.summarize(leaf, row_lengths, frozenset(wanted))
            pooled = {field: getattr(states, field).flatten(1) for field in wanted}
        else:
            pooled = pool_outputs(lstm, leaf, row_lengths)
        generator = torch.Generator().manual_seed(5)
        loss = sum(
            (pooled[field] * torch.randn(pooled[field].shape, generator=generator)).sum() for field in sorted(wanted)
        )
        gradients.append(torch.autograd.grad(loss, [leaf, *lstm.parameters()]))
    for found, expected in zip(*gradients, strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)


def test_states_that_share_a_maximum_share_its_gradient() -> None:
    lstm = make_lstm().double()
    torch.nn.init.zeros_(lstm.weight_hh_l0)
    for forget in (lstm.weight_ih_l0, lstm.bias_ih_l0, lstm.bias_hh_l0):
        torch.nn.init.constant_(forget.detach()[HIDDEN_SIZE : 2 * HIDDEN_SIZE], -1e9 * (forget.dim() == 1))
    inputs = torch.ones(1, 4, INPUT_SIZE, dtype=torch.float64, requires_grad=True)  # four steps that give one state
    lstm.summarize(inputs, torch.tensor([4]), frozenset({"maximum"})).maximum.sum().backward()
    assert inputs.grad.abs().min() > 0
    torch.testing.assert_close(inputs.grad, inputs.grad[:, :1].expand_as(inputs))


def test_summaries_of_no_rows_are_empty() -> None:
    lstm = make_lstm(bidirectional=True)
    nothing, no_lengths = torch.empty(0, TIME, dtype=torch.int64), torch.empty(0, dtype=torch.int64)
    states = lstm.summarize(torch.zeros(1, INPUT_SIZE), no_lengths, WANTED, indices=nothing)
    assert states.last.shape == states.total.shape == states.maximum.shape == (0, 2, HIDDEN_SIZE)
