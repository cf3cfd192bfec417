import pytest
import torch

from hf_lstm.nn.dropout import DirectionDropout, Dropout, FeatureDropout


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_share_is_zeroed_and_the_expectation_stays(p, dtype):
    torch.manual_seed(0)
    inputs = torch.ones(200_000, dtype=dtype, requires_grad=True)
    outputs = Dropout(p)(inputs)
    assert outputs.dtype == dtype
    assert (outputs == 0).float().mean().item() == pytest.approx(p, abs=0.01)
    torch.testing.assert_close(outputs.max().item(), 1 / (1 - p), rtol=1e-2, atol=0)
    outputs.sum().backward()
    torch.testing.assert_close(inputs.grad, outputs.detach())


def test_seeds_decide_it_and_evaluation_does_without():
    inputs = torch.randn(3, 5)
    dropout = Dropout(0.5)
    results = [(torch.manual_seed(seed), dropout(inputs))[1] for seed in (1, 1, 2)]
    assert torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])
    assert torch.equal(dropout.eval()(inputs), inputs)
    assert torch.equal(Dropout(0.0)(inputs), inputs)
    assert Dropout(1.0)(inputs).abs().sum() == 0


def test_every_element_has_bits_of_its_own():
    torch.manual_seed(0)
    is_kept = Dropout(0.5)(torch.ones(50_000, 4)) > 0  # the four elements that share a number
    patterns = (is_kept * torch.tensor([8, 4, 2, 1])).sum(dim=1).bincount(minlength=16)
    assert patterns.sub(3_125).abs().max() < 5 * 54.1  # standard deviations of a binomial count


@pytest.mark.parametrize("shape", [(0,), (1,), (3, 5), (2, 0, 4)])
def test_any_shape(shape):
    assert Dropout(0.3)(torch.ones(shape)).shape == shape


def test_a_default_device_does_not_matter():
    inputs = torch.ones(1_000)
    with torch.device("meta"):
        outputs = Dropout(0.5)(inputs)
    assert outputs.device.type == "cpu"
    assert 0 < (outputs == 0).sum().item() < 1_000


def test_nearly_certain_dropout_stays_finite():
    outputs = Dropout(1 - 1e-9)(torch.ones(1_000_000))
    assert outputs.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_features_are_zeroed_for_a_whole_row(dtype):
    torch.manual_seed(0)
    inputs = torch.randn(40, 7, 100).to(dtype).requires_grad_()
    outputs = FeatureDropout(0.25)(inputs)
    is_kept = (outputs != 0).all(dim=1)
    assert torch.equal(is_kept[:, None].expand_as(outputs), outputs != 0)
    assert is_kept.float().mean().item() == pytest.approx(0.75, abs=0.03)
    assert not torch.equal(is_kept[0], is_kept[1])
    torch.testing.assert_close(outputs, inputs * is_kept[:, None] / 0.75, rtol=1e-2, atol=1e-6)
    assert outputs.dtype == dtype
    assert torch.equal(FeatureDropout(0.25).eval()(inputs), inputs)


@pytest.mark.parametrize("p", [0.25, 1.0])
def test_a_row_loses_one_direction_and_the_other_counts_twice(p):
    torch.manual_seed(0)
    features = torch.rand(20_000, 2 * 2 * 3) + 1  # two poolings, each of both directions
    weights = (DirectionDropout(p, 3)(features) / features).view(-1, 2, 2, 3)
    first, second = weights[:, 0, :, 0].unbind(1)
    assert torch.equal(weights, torch.stack([first, second], 1)[:, None, :, None].expand_as(weights))
    assert torch.equal(first + second, torch.full_like(first, 2.0))
    assert {*first.unique().tolist()} == ({0.0, 2.0} if p == 1 else {0.0, 1.0, 2.0})
    for value in (0, 2):
        assert (first == value).float().mean().item() == pytest.approx(p / 2, abs=0.02)


def test_whole_rows_answer_as_the_mean_of_their_directions():
    torch.manual_seed(0)
    dropout, classifier, features = DirectionDropout(1.0, 3), torch.nn.Linear(12, 2), torch.randn(1, 12)
    answers = classifier(dropout(features.expand(100, -1))).unique(dim=0)
    assert len(answers) == 2
    torch.testing.assert_close(answers.mean(dim=0, keepdim=True), classifier(dropout.eval()(features)))
    assert DirectionDropout(0.0, 3)(features) is features
