"""States and gradients are those of PyTorch's LSTM on packed sequences."""

import hypothesis
import hypothesis.strategies as st
import pytest
import torch
from packed_lstm import HIDDEN_SIZE, INPUT_SIZE, LENGTHS, assert_equals_packed, draw_lengths, make_inputs, make_lstm
from torch import nn

from hf_lstm.nn.ragged_lstm import RaggedLSTM


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("need_cell_states", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("num_layers", [1, 2, 3, 4, 5])
def test_equals_packed_lstm_to_float64_precision(num_layers: int, bidirectional: bool, need_cell_states: bool) -> None:
    lstm = make_lstm(num_layers, bidirectional=bidirectional).double()
    assert_equals_packed(
        lstm, make_inputs().double(), LENGTHS, atol=1e-10, gradient_atol=1e-10, need_cell_states=need_cell_states
    )


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("bidirectional", [False, True])
def test_equals_packed_lstm_in_any_number_of_threads(bidirectional: bool) -> None:
    lengths = draw_lengths(50, longest=30)
    lstm = make_lstm(bidirectional=bidirectional).double()
    assert_equals_packed(lstm, make_inputs(lengths, time=30).double(), lengths, atol=1e-10, gradient_atol=1e-10)


@hypothesis.settings(deadline=None, max_examples=25)
@hypothesis.given(
    st.lists(st.integers(1, 25), min_size=1, max_size=50), st.integers(0, 3), st.booleans(), st.booleans()
)
def test_equals_packed_lstm_for_any_lengths(
    lengths: list[int], more_padding: int, bidirectional: bool, need_cell_states: bool
) -> None:
    row_lengths = torch.tensor(lengths)
    inputs = make_inputs(row_lengths, time=max(lengths) + more_padding).double()
    lstm = make_lstm(bidirectional=bidirectional).double()
    assert_equals_packed(lstm, inputs, row_lengths, atol=1e-10, gradient_atol=1e-10, need_cell_states=need_cell_states)


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("bidirectional", [False, True])
def test_float32_is_close(bidirectional: bool) -> None:
    lengths = draw_lengths(50, longest=30)
    lstm = make_lstm(2, bidirectional=bidirectional)
    assert_equals_packed(lstm, make_inputs(lengths, time=30), lengths, atol=1e-6, gradient_atol=1e-5)


def test_state_dict_is_that_of_nn_lstm() -> None:
    ragged = RaggedLSTM(INPUT_SIZE, HIDDEN_SIZE, 3, bidirectional=True, dropout=0.1)
    reference = nn.LSTM(INPUT_SIZE, HIDDEN_SIZE, 3, bidirectional=True, dropout=0.1, batch_first=True)
    reference.load_state_dict(ragged.state_dict(), strict=True)
    ragged.load_state_dict(reference.state_dict(), strict=True)
    assert list(ragged.state_dict()) == list(reference.state_dict())


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_results_are_the_same_without_gradients(context: type[torch.no_grad]) -> None:
    lstm, inputs = make_lstm(2, bidirectional=True).double(), make_inputs().double()
    expected_outputs, expected_h_n = lstm(inputs, LENGTHS)
    with context():
        outputs, h_n = lstm(inputs, LENGTHS)
    torch.testing.assert_close(outputs, expected_outputs, rtol=0, atol=1e-12)
    torch.testing.assert_close(h_n, expected_h_n, rtol=0, atol=1e-12)
    assert not outputs.requires_grad


def test_gradients_of_inputs_alone_and_of_weights_alone() -> None:
    everything, inputs = make_lstm(), make_inputs().requires_grad_()
    everything(inputs, LENGTHS)[0].sum().backward()
    frozen, inputs_alone = make_lstm().requires_grad_(False), make_inputs().requires_grad_()
    frozen(inputs_alone, LENGTHS)[0].sum().backward()
    assert torch.equal(inputs_alone.grad, inputs.grad)
    weights_alone = make_lstm()
    weights_alone(make_inputs(), LENGTHS)[0].sum().backward()
    assert torch.equal(weights_alone.weight_hh_l0.grad, everything.weight_hh_l0.grad)


@pytest.mark.usefixtures("_way")
def test_backward_can_be_repeated_where_the_graph_is_kept() -> None:
    lstm, inputs = make_lstm(2), make_inputs().requires_grad_()
    loss = lstm(inputs, LENGTHS)[0].sum()
    (first,) = torch.autograd.grad(loss, inputs, retain_graph=True)
    (second,) = torch.autograd.grad(loss, inputs)
    assert torch.equal(first, second)
    with pytest.raises(RuntimeError, match="second time"):
        torch.autograd.grad(loss, inputs)
