"""A row's states depend on nothing but the row: no padding, no other row, no chance."""

import pytest
import torch
from packed_lstm import HIDDEN_SIZE, INPUT_SIZE, LENGTHS, TIME, draw_lengths, make_inputs, make_lstm
from torch import Tensor

from hf_lstm.errors import InputError
from hf_lstm.nn.ragged_lstm import RaggedLSTM


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("need_cell_states", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_padding_is_never_read(dtype: torch.dtype, need_cell_states: bool) -> None:
    is_padding = torch.arange(TIME) >= LENGTHS[:, None]
    zeros = make_inputs().masked_fill(is_padding[:, :, None], 0).requires_grad_()
    nans = zeros.detach().masked_fill(is_padding[:, :, None], torch.nan).requires_grad_()
    gradients = []
    for inputs in (zeros, nans):
        lstm = make_lstm(2, bidirectional=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
            outputs, states = lstm(inputs, LENGTHS, need_cell_states=need_cell_states)
        (outputs.float() ** 2).sum().backward()
        assert not outputs[is_padding].any()
        assert not inputs.grad[is_padding].any()
        gradients.append([outputs, *states, inputs.grad, *(parameter.grad for parameter in lstm.parameters())])
    assert all(torch.equal(of_zeros, of_nans) for of_zeros, of_nans in zip(*gradients, strict=True))


@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_row_does_not_depend_on_the_others(bidirectional: bool) -> None:
    lengths = draw_lengths(40, longest=90)
    inputs, lstm = make_inputs(lengths, time=90), make_lstm(2, bidirectional=bidirectional).eval()
    outputs, h_n = lstm(inputs, lengths)
    order = torch.randperm(len(lengths))
    reordered_outputs, reordered_h_n = lstm(inputs[order], lengths[order])
    torch.testing.assert_close(reordered_outputs, outputs[order], rtol=0, atol=1e-6)
    torch.testing.assert_close(reordered_h_n, h_n[:, order], rtol=0, atol=1e-6)
    for row, length in enumerate(lengths):
        alone, h_alone = lstm(inputs[row : row + 1, :length], lengths[row : row + 1])
        torch.testing.assert_close(alone[0], outputs[row, :length], rtol=0, atol=1e-6)
        torch.testing.assert_close(h_alone[:, 0], h_n[:, row], rtol=0, atol=1e-6)


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="needs oneDNN's kernel")
@pytest.mark.parametrize("hidden_size", [24, 128])
def test_a_row_alone_has_the_states_that_it_has_in_a_batch_to_the_bit(hidden_size: int) -> None:
    wanted, lengths = frozenset({"last", "maximum", "total"}), draw_lengths(60, longest=120)
    torch.manual_seed(0)
    inputs, lstm = make_inputs(lengths, 100, time=120), RaggedLSTM(100, hidden_size, bidirectional=True)
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        together = lstm.summarize(inputs, lengths, wanted)
        for row, length in enumerate(lengths):
            alone = lstm.summarize(inputs[row : row + 1, :length], lengths[row : row + 1], wanted)
            assert torch.equal(alone.last[0], together.last[row])
            assert torch.equal(alone.maximum[0], together.maximum[row])
            torch.testing.assert_close(alone.total[0], together.total[row], rtol=1e-5, atol=1e-5)


@pytest.mark.usefixtures("_threads")
@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_repeats_bit_by_bit(dtype: torch.dtype) -> None:
    lengths = draw_lengths(40, longest=90)
    runs = []
    for _ in range(3):
        lstm, inputs = make_lstm(2, bidirectional=True), make_inputs(lengths, time=90).requires_grad_()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
            outputs, h_n = lstm(inputs, lengths)
        (outputs.float().sum() + (h_n.float() ** 2).sum()).backward()
        runs.append([outputs, h_n, inputs.grad, *(parameter.grad for parameter in lstm.parameters())])
    for run in runs[1:]:
        assert all(torch.equal(first, again) for first, again in zip(runs[0], run, strict=True))


def test_dropout_acts_between_layers_and_in_training_only() -> None:
    torch.manual_seed(0)
    lstm = RaggedLSTM(INPUT_SIZE, HIDDEN_SIZE, 2, dropout=0.5)
    inputs = make_inputs()

    def run(seed: int) -> tuple[Tensor, Tensor]:
        torch.manual_seed(seed)
        outputs, h_n = lstm(inputs, LENGTHS)
        return outputs, h_n

    training_outputs, training_h_n = run(seed=1)
    assert torch.equal(run(seed=1)[0], training_outputs)
    assert not torch.equal(run(seed=2)[0], training_outputs)
    lstm.eval()
    outputs, h_n = run(seed=1)
    assert torch.equal(run(seed=2)[0], outputs)
    assert not torch.equal(outputs, training_outputs)
    assert torch.equal(h_n[0], training_h_n[0])  # the first layer's results are those from before the dropout


@pytest.mark.parametrize("requires_grad", [True, False])
def test_an_empty_batch_gives_empty_results(requires_grad: bool) -> None:
    lstm = make_lstm(2, bidirectional=True).requires_grad_(requires_grad)
    outputs, (h_n, c_n) = lstm(torch.zeros(0, 4, INPUT_SIZE), torch.zeros(0, dtype=torch.int64), need_cell_states=True)
    assert outputs.shape == (0, 4, 2 * HIDDEN_SIZE)
    assert h_n.shape == c_n.shape == (4, 0, HIDDEN_SIZE)


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        (torch.tensor([0, 3]), "lengths span 0..3, but must lie in 1..4"),
        (torch.tensor([3, 5]), "lengths span 3..5, but must lie in 1..4"),
        (torch.tensor([3]), r"of shape \(1,\) on cpu, but must be torch.int64 of shape \(2,\)"),
        (torch.tensor([[3], [3]]), r"of shape \(2, 1\)"),
        (torch.tensor([3.0, 3.0]), "torch.float32"),
    ],
)
def test_refuses_lengths_that_do_not_fit(lengths: Tensor, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_lstm()(torch.zeros(2, 4, INPUT_SIZE), lengths)


def test_refuses_inputs_of_another_shape() -> None:
    with pytest.raises(InputError, match=r"inputs have shape \(4, 3\), but must be \(batch, time, features\)"):
        make_lstm()(torch.zeros(4, INPUT_SIZE), LENGTHS)
