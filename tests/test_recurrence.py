import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from hf_lstm.errors import InputError
from hf_lstm.recurrence import RaggedLSTM

INPUT_SIZE, HIDDEN_SIZE = 3, 5
LENGTHS = torch.tensor([4, 9, 1, 7, 9, 2, 4])


def packed_reference(lstm: nn.LSTM, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    packed = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
    outputs, (h_n, c_n) = lstm(packed)
    outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=inputs.shape[1])
    return outputs, h_n, c_n


@pytest.mark.parametrize("num_layers", [1, 2, 5])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_equals_packed_lstm_in_float64(num_layers: int, bidirectional: bool) -> None:
    torch.manual_seed(0)
    ragged = RaggedLSTM(INPUT_SIZE, HIDDEN_SIZE, num_layers, bidirectional=bidirectional).double()
    reference = nn.LSTM(INPUT_SIZE, HIDDEN_SIZE, num_layers, batch_first=True, bidirectional=bidirectional).double()
    reference.load_state_dict(ragged.state_dict())
    inputs = torch.randn(len(LENGTHS), 11, INPUT_SIZE, dtype=torch.float64)
    expected_inputs = inputs.clone().requires_grad_()
    inputs.requires_grad_()
    outputs, (h_n, c_n) = ragged(inputs, LENGTHS, need_cell_states=True)
    results = (outputs, h_n, c_n)
    expected = packed_reference(reference, expected_inputs, LENGTHS)
    loss_weights = [torch.randn_like(value) for value in expected]
    for value, reference_value in zip(results, expected, strict=True):
        torch.testing.assert_close(value, reference_value, atol=1e-12, rtol=0)
    sum((value * weight).sum() for value, weight in zip(results, loss_weights, strict=True)).backward()
    sum((value * weight).sum() for value, weight in zip(expected, loss_weights, strict=True)).backward()
    torch.testing.assert_close(inputs.grad, expected_inputs.grad, atol=1e-10, rtol=0)
    for (name, parameter), other in zip(ragged.named_parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(parameter.grad, other.grad, atol=1e-10, rtol=0, msg=name)


@pytest.mark.parametrize(
    "lengths", [torch.tensor([0, 3]), torch.tensor([3, 5]), torch.tensor([3]), torch.tensor([3.0, 3.0])]
)
def test_refuses_lengths_that_do_not_fit(lengths: Tensor) -> None:
    with pytest.raises(InputError):
        RaggedLSTM(INPUT_SIZE, HIDDEN_SIZE)(torch.randn(2, 4, INPUT_SIZE), lengths)
