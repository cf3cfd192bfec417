import copy

import pytest
import torch

from hf_lstm.nn.cuda.graphed_layer import MAX_SHAPES, TIME_STEP, GraphedLayer, GraphedLayers, TurnedRows, turn_rows
from hf_lstm.nn.ragged_lstm import RaggedLSTM

LENGTHS = torch.tensor([4, 9, 1, 7, 9, 2, 4])

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def test_rows_are_turned_without_their_padding_and_so_are_gradients():
    rows = torch.arange(2 * 4, dtype=torch.float64).view(2, 4, 1).requires_grad_()
    turned = turn_rows(torch.tensor([3, 1]), 4)
    result = TurnedRows.apply(rows, turned)
    assert result.flatten().tolist() == [2, 1, 0, 3, 4, 5, 6, 7]
    assert torch.equal(TurnedRows.apply(result, turned), rows)
    assert torch.autograd.gradcheck(lambda rows: TurnedRows.apply(rows, turned), rows)


def test_a_copy_makes_graphs_of_its_own():
    lstm = RaggedLSTM(3, 5)
    lstm.use_cuda_graphs()
    assert isinstance(copy.deepcopy(lstm)._graphed_layers, GraphedLayers)


class DoublingLayer(GraphedLayer):
    """Runs without a GPU: it doubles its inputs."""

    def __init__(self):
        self.num_forwards = 0

    def replay_forward(self, given):
        self.num_forwards += 1
        return [2 * tensor.detach() for tensor in given]

    def replay_backward(self, grad_outputs):
        return [2 * grad for grad in grad_outputs]


def test_a_pass_is_differentiated_once_and_before_the_next_one():
    layer, leaf = DoublingLayer(), torch.ones(3, requires_grad=True)
    (output,) = layer.run([leaf], [])
    (gradient,) = torch.autograd.grad(output.sum(), leaf, retain_graph=True)
    assert gradient.tolist() == [2, 2, 2]
    with pytest.raises(RuntimeError, match="overwritten by a later one, or differentiated before"):
        output.sum().backward()
    (first,), (second,) = layer.run([leaf], []), layer.run([leaf], [])
    with pytest.raises(RuntimeError, match="overwritten"):
        first.sum().backward()
    second.sum().backward()
    assert leaf.grad.tolist() == [2, 2, 2]


def run_training_pass(lstm, inputs, lengths):
    """Results and gradients of a forward and a backward pass in bfloat16."""
    leaf = inputs.clone().requires_grad_()
    with torch.autocast("cuda", dtype=torch.bfloat16):
        outputs, h_n = lstm(leaf, lengths)
    weights = torch.linspace(-1, 1, outputs.shape[2], device=outputs.device)
    loss = (outputs.float() * weights).sum() + h_n.float().sum()
    return [outputs.float(), h_n.float(), *torch.autograd.grad(loss, [leaf, *lstm.parameters()])]


@needs_cuda
@pytest.mark.parametrize(
    "device",
    [
        "cuda:0",
        pytest.param("cuda:1", marks=pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two of them")),
    ],
)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_graphs_compute_what_packed_rows_do_on_any_device(bidirectional, device):
    torch.manual_seed(0)
    lstm = RaggedLSTM(8, 16, bidirectional=bidirectional).to(device)
    graphed = copy.deepcopy(lstm)
    graphed.use_cuda_graphs()
    for lengths in (LENGTHS, LENGTHS + TIME_STEP, LENGTHS[:3]):
        inputs = torch.randn(len(lengths), int(lengths.max()), 8, device=device)
        expected, found = run_training_pass(lstm, inputs, lengths), run_training_pass(graphed, inputs, lengths)
        for one, other in zip(expected, found, strict=True):
            torch.testing.assert_close(other, one, rtol=0.02, atol=0.02 * one.abs().max().item())
    assert len(graphed._graphed_layers._layers) == 2


@needs_cuda
def test_a_pass_that_was_overwritten_is_told():
    lstm = RaggedLSTM(8, 16).cuda()
    lstm.use_cuda_graphs()
    inputs = torch.randn(2, 5, 8, device="cuda")
    with torch.autocast("cuda", dtype=torch.bfloat16):
        first, _ = lstm(inputs, torch.tensor([5, 2]))
        lstm(inputs, torch.tensor([5, 2]))
    with pytest.raises(RuntimeError, match="overwritten"):
        first.float().sum().backward()


@needs_cuda
def test_too_many_shapes_are_packed(monkeypatch):
    monkeypatch.setattr("hf_lstm.nn.cuda.graphed_layer.MAX_SHAPES", 1)
    lstm = RaggedLSTM(8, 16).cuda()
    lstm.use_cuda_graphs()
    for time in (5, TIME_STEP + 1):
        run_training_pass(lstm, torch.randn(2, time, 8, device="cuda"), torch.tensor([time, 2]))
    assert len(lstm._graphed_layers._layers) == 1 < MAX_SHAPES
