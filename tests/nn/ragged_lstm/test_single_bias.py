"""An LSTM of a single bias is one of two of which one stays zero."""

import copy

import pytest
import torch
from packed_lstm import HIDDEN_SIZE, INPUT_SIZE, LENGTHS, make_inputs, make_reference, run_packed

from hf_lstm.nn.ragged_lstm import RaggedLSTM


@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_single_bias_is_two_of_which_one_stays_zero(bidirectional: bool) -> None:
    torch.manual_seed(0)
    lstm = RaggedLSTM(INPUT_SIZE, HIDDEN_SIZE, 2, bidirectional=bidirectional, single_bias=True).double()
    reference = make_reference(lstm)
    assert list(reference.state_dict()) != list(lstm.state_dict())  # buffers stand behind the parameters
    assert reference.state_dict().keys() == lstm.state_dict().keys()
    assert not any(name.startswith("bias_hh") for name, _ in lstm.named_parameters())
    outputs, h_n = lstm(make_inputs().double(), LENGTHS)
    expected, expected_h_n, _ = run_packed(reference, make_inputs().double(), LENGTHS)
    torch.testing.assert_close(outputs, expected, rtol=0, atol=1e-12)
    torch.testing.assert_close(h_n, expected_h_n, rtol=0, atol=1e-12)
    (outputs.sum() + h_n.sin().sum()).backward()
    (expected.sum() + expected_h_n.sin().sum()).backward()
    for name, parameter in lstm.named_parameters():
        torch.testing.assert_close(parameter.grad, reference.get_parameter(name).grad, rtol=0, atol=1e-10)


def test_a_single_bias_survives_being_moved_copied_loaded_and_drawn_anew() -> None:
    lstm = RaggedLSTM(INPUT_SIZE, HIDDEN_SIZE, single_bias=True)
    outputs, _ = lstm(make_inputs(), LENGTHS)
    for other in (copy.deepcopy(lstm), lstm.double().float()):
        assert torch.equal(other(make_inputs(), LENGTHS)[0], outputs)
    other = RaggedLSTM(INPUT_SIZE, HIDDEN_SIZE, single_bias=True)
    other.load_state_dict(lstm.state_dict(), assign=True)
    assert torch.equal(other(make_inputs(), LENGTHS)[0], outputs)
    lstm.bias_hh_l0 += 1
    lstm.reset_parameters()
    assert not lstm.bias_hh_l0.any()
    assert lstm.bias_ih_l0.all()
    assert all(
        weight is getattr(lstm, name) for name, weight in zip(lstm._flat_weights_names, lstm._flat_weights, strict=True)
    )
