"""What bfloat16 rounds, and what it leaves as it is."""

from collections.abc import Sequence

import pytest
import torch
from packed_lstm import (
    LENGTHS,
    assert_equals_packed,
    draw_lengths,
    make_inputs,
    make_lstm,
    make_reference,
    run_and_differentiate,
)
from torch import Tensor

from hf_lstm.nn.ragged_lstm import RaggedLSTM
from hf_lstm.runtime.devices import computes_bfloat16_natively


def has_bfloat16_kernel() -> bool:
    """Return whether oneDNN runs a bfloat16 LSTM, which keeps its sums in float32; PyTorch's own cells round each.

    oneDNN leaves it to them without AVX-512, and where `ONEDNN_MAX_CPU_ISA=AVX2` imitates such a processor.
    """
    is_native = computes_bfloat16_natively(torch.device("cpu"))
    return is_native and torch.ops.mkldnn._is_mkldnn_bf16_supported()


@pytest.mark.skipif(not has_bfloat16_kernel(), reason="bfloat16 is emulated, and rounded more often")
@pytest.mark.parametrize("need_cell_states", [False, True])
@pytest.mark.parametrize(("input_size", "hidden_size"), [(1, 5), (20, 16), (33, 40)])
@pytest.mark.parametrize("num_rows", [3, 17, 61])
def test_native_bfloat16_is_within_a_hundredth(
    num_rows: int, input_size: int, hidden_size: int, need_cell_states: bool
) -> None:
    """Odd numbers of rows, features and units are filled up to the kernel's tiles."""
    lengths = draw_lengths(num_rows, longest=20)
    torch.manual_seed(0)
    lstm = RaggedLSTM(input_size, hidden_size, 2, bidirectional=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert_equals_packed(
            lstm,
            make_inputs(lengths, input_size, time=20),
            lengths,
            atol=1e-2,
            gradient_atol=2e-2,
            need_cell_states=need_cell_states,
        )


def measure_error(found: Sequence[Tensor], exact: Sequence[Tensor]) -> float:
    """Return the root mean square of the tensors' errors, each relative to the tensor's norm."""
    errors = [(tensor - expected).norm() / expected.norm() for tensor, expected in zip(found, exact, strict=True)]
    return float(torch.stack(errors).square().mean().sqrt())


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("need_cell_states", [False, True])
@pytest.mark.parametrize(("input_size", "hidden_size"), [(1, 5), (20, 16), (33, 40)])
@pytest.mark.parametrize("num_rows", [3, 17, 61])
def test_bfloat16_is_as_accurate_as_the_packed_lstm(
    num_rows: int, input_size: int, hidden_size: int, need_cell_states: bool
) -> None:
    """How far bfloat16 is off depends on the processor; PyTorch's own bfloat16 on the same one is the measure.

    Where PyTorch's cells compute both, states are the same, and gradients add up in another order.
    """
    lengths = draw_lengths(num_rows, longest=20)
    torch.manual_seed(0)
    lstm, inputs = RaggedLSTM(input_size, hidden_size, 2, bidirectional=True), make_inputs(lengths, input_size, time=20)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = run_and_differentiate(lstm, inputs, lengths, need_cell_states=need_cell_states)
    packed, exact = (
        run_and_differentiate(
            make_reference(lstm).to(dtype), inputs.to(dtype), lengths, need_cell_states=need_cell_states
        )
        for dtype in (torch.bfloat16, torch.float64)
    )
    for tensors, packed_tensors, exact_tensors in zip(found, packed, exact, strict=True):
        packed_error = measure_error(packed_tensors, exact_tensors)
        assert packed_error < 0.03  # or it would be no measure
        assert measure_error(tensors, exact_tensors) < 1.25 * packed_error


def test_bfloat16_gradients_of_segments_are_added_up_in_float32() -> None:
    lstm, lengths = make_lstm(), torch.tensor([3, 6, 9])

    def find_share_beyond_bfloat16(*, need_cell_states: bool) -> float:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            _, (_, *gradients) = run_and_differentiate(
                lstm, make_inputs(lengths), lengths, need_cell_states=need_cell_states
            )
        values = torch.cat([gradient.flatten() for gradient in gradients])
        return float((values != values.bfloat16()).float().mean())

    assert find_share_beyond_bfloat16(need_cell_states=False) == 0  # of a single segment
    assert find_share_beyond_bfloat16(need_cell_states=True) > 0.5  # of one for each length


@pytest.mark.usefixtures("_way")
def test_autocast_decides_the_dtype() -> None:
    lstm, inputs = make_lstm(), make_inputs()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs, (h_n, c_n) = lstm(inputs, LENGTHS, need_cell_states=True)
    assert {outputs.dtype, h_n.dtype, c_n.dtype} == {torch.bfloat16}
    outputs, h_n = lstm(inputs, LENGTHS)
    assert {outputs.dtype, h_n.dtype} == {torch.float32}
    assert lstm.double()(inputs.double(), LENGTHS)[0].dtype == torch.float64
