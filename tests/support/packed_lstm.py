"""The LSTM of packed sequences, which PyTorch has, as the measure of ours."""

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from hf_lstm.nn.ragged_lstm import RaggedLSTM

INPUT_SIZE, HIDDEN_SIZE, TIME = 3, 5, 11
LENGTHS = torch.tensor([4, 9, 1, 7, 9, 2, 4])


def make_lstm(num_layers: int = 1, *, bidirectional: bool = False, seed: int = 0) -> RaggedLSTM:
    torch.manual_seed(seed)
    return RaggedLSTM(INPUT_SIZE, HIDDEN_SIZE, num_layers, bidirectional=bidirectional)


def draw_lengths(num_rows: int, *, longest: int) -> Tensor:
    return torch.randint(1, longest + 1, (num_rows,), generator=torch.Generator().manual_seed(0))


def make_inputs(lengths: Tensor = LENGTHS, input_size: int = INPUT_SIZE, *, time: int = TIME) -> Tensor:
    return torch.randn(len(lengths), time, input_size, generator=torch.Generator().manual_seed(1))


def make_reference(lstm: RaggedLSTM) -> nn.LSTM:
    reference = nn.LSTM(
        lstm.input_size, lstm.hidden_size, lstm.num_layers, batch_first=True, bidirectional=lstm.bidirectional
    )
    reference.load_state_dict(lstm.state_dict())
    return reference.double()


def run_packed(reference: nn.LSTM, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    packed = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
    packed_outputs, (h_n, c_n) = reference(packed)
    outputs, _ = pad_packed_sequence(packed_outputs, batch_first=True, total_length=inputs.shape[1])
    return outputs, h_n, c_n


def run_and_differentiate(
    lstm: nn.LSTM, inputs: Tensor, lengths: Tensor, *, need_cell_states: bool
) -> tuple[list[Tensor], list[Tensor]]:
    """Return the results of either kind, and gradients of inputs and parameters."""
    inputs = inputs.clone().requires_grad_()
    if isinstance(lstm, RaggedLSTM):
        outputs, states = lstm(inputs, lengths, need_cell_states=need_cell_states)
        results = [outputs, *states] if need_cell_states else [outputs, states]
    else:
        results = list(run_packed(lstm, inputs, lengths))[: 3 if need_cell_states else 2]
    generator = torch.Generator().manual_seed(2)
    loss = torch.zeros((), dtype=torch.float64)
    for result in results:
        loss = loss + (result * torch.randn(result.shape, dtype=torch.float64, generator=generator)).sum()
    gradients = torch.autograd.grad(loss, [inputs, *lstm.parameters()])
    return [result.detach() for result in results], list(gradients)


def assert_equals_packed(
    lstm: RaggedLSTM,
    inputs: Tensor,
    lengths: Tensor,
    *,
    atol: float,
    gradient_atol: float,
    need_cell_states: bool = False,
) -> None:
    """Compare results and all gradients with those of the packed sequence in float64.

    `gradient_atol` is relative to a gradient's largest element.
    """
    results, gradients = run_and_differentiate(lstm, inputs, lengths, need_cell_states=need_cell_states)
    expected, expected_gradients = run_and_differentiate(
        make_reference(lstm), inputs.double(), lengths, need_cell_states=need_cell_states
    )
    for result, expected_result in zip(results, expected, strict=True):
        torch.testing.assert_close(result.double(), expected_result, rtol=0, atol=atol)
    for gradient, expected_gradient in zip(gradients, expected_gradients, strict=True):
        scale = expected_gradient.abs().max()
        torch.testing.assert_close(gradient.double(), expected_gradient, rtol=0, atol=float(gradient_atol * scale))
