import copy
import subprocess
import sys
from collections.abc import Iterator, Sequence

import hypothesis
import hypothesis.strategies as st
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from hf_lstm.errors import InputError
from hf_lstm.nn.cpu import plan as cpu_plan
from hf_lstm.nn.ragged_lstm import RaggedLSTM
from hf_lstm.runtime.devices import computes_bfloat16_natively

INPUT_SIZE, HIDDEN_SIZE, TIME = 3, 5, 11
LENGTHS = torch.tensor([4, 9, 1, 7, 9, 2, 4])

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.fixture(params=[1, 2, 5], ids="{}-threads".format)
def _threads(request: pytest.FixtureRequest) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=["kernel", "wide"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train by PyTorch's kernel, or as wide layers do."""
    if request.param == "wide":
        monkeypatch.setattr("hf_lstm.nn.cpu.plan.MIN_WIDE_UNITS", 1)
        monkeypatch.setattr("hf_lstm.nn.cpu.plan.WIDE_DTYPES", {torch.float64, torch.float32, torch.bfloat16})


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


def test_state_dict_is_that_of_nn_lstm() -> None:
    ragged = RaggedLSTM(INPUT_SIZE, HIDDEN_SIZE, 3, bidirectional=True, dropout=0.1)
    reference = nn.LSTM(INPUT_SIZE, HIDDEN_SIZE, 3, bidirectional=True, dropout=0.1, batch_first=True)
    reference.load_state_dict(ragged.state_dict(), strict=True)
    ragged.load_state_dict(reference.state_dict(), strict=True)
    assert list(ragged.state_dict()) == list(reference.state_dict())


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


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_results_are_the_same_without_gradients(context: type[torch.no_grad]) -> None:
    lstm, inputs = make_lstm(2, bidirectional=True).double(), make_inputs().double()
    expected_outputs, expected_h_n = lstm(inputs, LENGTHS)
    with context():
        outputs, h_n = lstm(inputs, LENGTHS)
    torch.testing.assert_close(outputs, expected_outputs, rtol=0, atol=1e-12)
    torch.testing.assert_close(h_n, expected_h_n, rtol=0, atol=1e-12)
    assert not outputs.requires_grad


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


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rounded_numbers_of_steps_change_no_bit(monkeypatch, dtype):
    lstm = make_lstm(2, bidirectional=True)
    for time in (17, 33, 65, 131):
        inputs, lengths = torch.randn(3, time, INPUT_SIZE), torch.tensor([time, time - 1, time])
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
            rounded = [lstm(inputs[:1], lengths[:1]), lstm(inputs, lengths)]
            with monkeypatch.context() as patch:
                patch.setattr(cpu_plan, "_round_steps", lambda *span: span)
                exact = [lstm(inputs[:1], lengths[:1]), lstm(inputs, lengths)]
        for ours, theirs in zip(rounded, exact, strict=True):
            assert all(torch.equal(*pair) for pair in zip(ours, theirs, strict=True))


MEASURE_MEMORY = """
import torch
from hf_lstm.nn.ragged_lstm import RaggedLSTM

lstm, memory_mb = RaggedLSTM(16, 32), []
with torch.inference_mode():
    for time in range(1, 351):
        lstm(torch.zeros(2, time, 16), torch.tensor([time, 1]))
        if time in (100, 350):
            with open("/proc/self/statm") as file:
                memory_mb.append(int(file.read().split()[1]) * 4096 / 2**20)
print(memory_mb[1] - memory_mb[0])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_ever_new_lengths_take_no_more_memory(monkeypatch):
    monkeypatch.delenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", raising=False)
    measured = subprocess.run([sys.executable, "-c", MEASURE_MEMORY], capture_output=True, text=True, check=True)
    assert float(measured.stdout) < 20  # 250 kernels more would take 50 MB
