"""On a CUDA device, states are those of the CPU; and what cuDNN gets."""

import pytest
import torch
from packed_lstm import HIDDEN_SIZE, INPUT_SIZE, LENGTHS, make_inputs

from hf_lstm.nn.ragged_lstm import RaggedLSTM

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@needs_cuda
@pytest.mark.parametrize("single_bias", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_cuda_equals_cpu(bidirectional: bool, single_bias: bool) -> None:
    torch.manual_seed(0)
    lstm = RaggedLSTM(INPUT_SIZE, HIDDEN_SIZE, 2, bidirectional=bidirectional, single_bias=single_bias).double()
    inputs = make_inputs().double()
    outputs, (h_n, c_n) = lstm(inputs, LENGTHS, need_cell_states=True)
    on_cuda, (h_on_cuda, c_on_cuda) = lstm.cuda()(inputs.cuda(), LENGTHS, need_cell_states=True)
    torch.testing.assert_close(on_cuda.cpu(), outputs, rtol=0, atol=1e-10)
    torch.testing.assert_close(h_on_cuda.cpu(), h_n, rtol=0, atol=1e-10)
    torch.testing.assert_close(c_on_cuda.cpu(), c_n, rtol=0, atol=1e-10)


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=needs_cuda)])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_packed_rows_in_bfloat16_keep_gradients_that_float16_has_not(bidirectional: bool, device: str) -> None:
    """Autocast would run cuDNN in float16, whatever its dtype."""
    torch.manual_seed(0)
    lstm = RaggedLSTM(INPUT_SIZE, HIDDEN_SIZE, 2, bidirectional=bidirectional).to(device)
    inputs, grads = make_inputs().to(device), []
    for enabled in (False, True):
        leaf = inputs.clone().requires_grad_()
        with torch.autocast(device, dtype=torch.bfloat16, enabled=enabled):
            outputs, h_n, c_n = lstm._run_packed(leaf, LENGTHS)
        assert {outputs.dtype, h_n.dtype, c_n.dtype} == {torch.bfloat16 if enabled else torch.float32}
        loss = 1e-9 * (outputs.float().sum() + h_n.float()[-1, 1].sum())
        grads.append(torch.autograd.grad(loss, [leaf, *lstm.parameters()]))
    for exact, rounded in zip(*grads, strict=True):
        assert exact.any()
        torch.testing.assert_close(rounded, exact, rtol=0.05, atol=0.02 * exact.abs().max().item())


def test_autocast_never_runs_packed_rows_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even those that are in its dtype: cuDNN would get float16."""
    lstm, found = RaggedLSTM(INPUT_SIZE, HIDDEN_SIZE).bfloat16(), []
    run = torch.lstm
    monkeypatch.setattr(torch, "lstm", lambda *args, **kwargs: found.append(kwargs) or run(*args, **kwargs))
    monkeypatch.setattr(torch.nn.LSTM, "forward", None)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs, h_n, c_n = lstm._run_packed(make_inputs().bfloat16(), LENGTHS)
    assert {outputs.dtype, h_n.dtype, c_n.dtype} == {torch.bfloat16}
    assert len(found) == 1
