import dataclasses

import numpy as np
import pytest
import torch
from tiny_training import MODEL, TRAIN, make_model, make_rows

from hf_lstm.errors import DivergenceError
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.records.results import EpochFigures
from hf_lstm.training.loop.epochs import start_run, train, train_epoch
from hf_lstm.training.loop.order import count_steps, draw_steps
from hf_lstm.training.loop.step import train_step


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_one_batch_is_learned_by_heart(precision):
    rows = make_rows(16, seed=0)
    run = start_run(make_model(), rows, dataclasses.replace(TRAIN, precision=precision))
    for _ in range(120):
        loss_sum, num_correct = train_step(run, rows, np.arange(16))
    assert num_correct == 16
    assert loss_sum / 16 < 0.05


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_same_seed_gives_the_same_weights_bit_for_bit(precision):
    config = dataclasses.replace(TRAIN, precision=precision)
    models = [make_model(dropout=0.2), make_model(dropout=0.2), make_model(dropout=0.2)]
    for model, seed in zip(models, (0, 0, 1), strict=True):
        torch.manual_seed(5)
        train(model, make_rows(100, 0), make_rows(40, 1), dataclasses.replace(config, seed=seed), show_progress=False)
    first, again, other = (model.state_dict() for model in models)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_where_there_is_no_gpu_cuda_graphs_change_nothing_and_none_are_kept():
    models = [make_model(), make_model()]
    for model, cuda_graphs in zip(models, (False, True), strict=True):
        config = dataclasses.replace(TRAIN, precision="bfloat16", num_epochs=1, cuda_graphs=cuda_graphs)
        train(model, make_rows(40, 0), make_rows(10, 1), config, show_progress=False)
        assert model.lstm._graphed_layers is None
    assert torch.equal(*(model.classifier.weight for model in models))


def test_an_lstm_of_someone_else_is_trained():
    class Wrapped(torch.nn.Module):
        def __init__(self, lstm):
            super().__init__()
            self.inner, self.num_layers = lstm, lstm.num_layers

        def forward(self, inputs, lengths):
            return self.inner(inputs, lengths)

    model = make_model()
    model.lstm = Wrapped(model.lstm)
    config = dataclasses.replace(TRAIN, num_epochs=1)
    assert len(train(model, make_rows(40, 0), make_rows(10, 1), config, show_progress=False)) == 1


def test_best_epoch_is_kept_and_patience_ends_the_run(monkeypatch):
    losses = iter([0.5, 0.3, 0.4, 0.35, 0.2])
    weights = []

    def evaluate(model, split, dtype):
        weights.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
        return EpochFigures(loss=next(losses), accuracy=0.5)

    monkeypatch.setattr("hf_lstm.training.loop.epochs.evaluate_split", evaluate)
    model = make_model()
    config = dataclasses.replace(TRAIN, num_epochs=5, patience=2)
    epochs = train(model, make_rows(40, 0), make_rows(10, 1), config, show_progress=False)
    assert [epoch.is_best for epoch in epochs] == [True, True, False, False]
    assert all(torch.equal(weights[1][name], tensor) for name, tensor in model.state_dict().items())


def test_an_adversary_that_changes_nothing_doubles_loss_and_gradient():
    rows, found = make_rows(16, seed=0), []
    for epsilon in (None, 1e-12):
        config = dataclasses.replace(TRAIN, adversarial_epsilon=epsilon, max_grad_norm=None)
        run = start_run(make_model(), rows, config)
        loss_sum, num_correct = train_step(run, rows, np.arange(16))
        grads = {name: parameter.grad for name, parameter in run.model.named_parameters()}
        found.append((loss_sum, num_correct, grads))
    (loss_sum, num_correct, grads), (both_sum, num_correct_too, both_grads) = found
    assert both_sum == pytest.approx(2 * loss_sum, rel=1e-5)
    assert num_correct == num_correct_too
    for name, grad in grads.items():
        torch.testing.assert_close(both_grads[name], 2 * grad, rtol=1e-4, atol=1e-7)


def test_an_adversary_makes_the_loss_larger_and_the_batch_is_still_learned():
    rows = make_rows(16, seed=0)
    config = dataclasses.replace(TRAIN, adversarial_epsilon=0.5)
    run = start_run(make_model(), rows, config)
    plain = start_run(make_model(), rows, TRAIN)
    assert train_step(run, rows, np.arange(16))[0] > 2 * train_step(plain, rows, np.arange(16))[0]
    for _ in range(120):
        _, num_correct = train_step(run, rows, np.arange(16))
    assert num_correct == 16


def test_figures_are_means_over_rows_however_uneven_the_batches():
    rows = make_rows(17, seed=0)
    model = make_model()
    frozen = dataclasses.replace(TRAIN, num_epochs=1, learning_rate=1e-30)
    (epoch,) = train(model, rows, rows, frozen, show_progress=False)
    assert epoch.train.loss == pytest.approx(epoch.validation.loss, abs=1e-6)
    assert epoch.train.accuracy == epoch.validation.accuracy


def test_gradients_are_clipped_to_the_norm():
    rows = make_rows(16, 0)
    run = start_run(make_model(), rows, dataclasses.replace(TRAIN, max_grad_norm=1e-3))
    train_step(run, rows, np.arange(16))
    norm = torch.stack([p.grad.norm() for p in run.model.parameters()]).norm()
    assert norm.item() == pytest.approx(1e-3, rel=1e-3)


def test_not_finite_loss_stops_before_the_weights_are_touched():
    model = make_model()
    rows = make_rows(16, 0)
    run = start_run(model, rows, TRAIN)
    train_step(run, rows, np.arange(16))
    with torch.no_grad():
        model.classifier.bias[0] = torch.nan
    before = model.lstm.weight_hh_l0.clone()
    with pytest.raises(DivergenceError, match="step 2"):
        train_step(run, rows, np.arange(16))
    assert torch.equal(before, model.lstm.weight_hh_l0)


def test_a_run_of_finite_but_absurd_losses_ends_in_divergence():
    model = make_model()
    config = dataclasses.replace(TRAIN, learning_rate=1e12, num_epochs=1, batch_size=64)
    with pytest.raises(DivergenceError, match="the best"):
        train(model, make_rows(64, 0), make_rows(32, 1), config, show_progress=False)


@pytest.mark.parametrize(
    "changes", [{}, {"class_weights": "1,3"}, {"label_smoothing": 0.1, "class_weights": "balanced"}]
)
@pytest.mark.parametrize("num_batches", [2, 5])
def test_batches_of_one_step_have_the_gradient_of_one_large_batch(changes, num_batches):
    rows = make_rows(37, 0)
    config = dataclasses.replace(TRAIN, max_grad_norm=None, **changes)
    together, apart = (start_run(make_model(), rows, config) for _ in range(2))
    figures = train_step(together, rows, np.arange(37))
    uneven = np.split(np.arange(37), [3, 20] if num_batches == 2 else [1, 2, 10, 30])
    assert train_step(apart, rows, *uneven) == pytest.approx(figures, rel=1e-5)
    for expected, parameter in zip(together.model.parameters(), apart.model.parameters(), strict=True):
        torch.testing.assert_close(parameter.grad, expected.grad, rtol=1e-4, atol=1e-7)


def test_gradient_accumulation_takes_fewer_steps_over_the_same_rows():
    lengths = make_rows(100, 0).texts.lengths
    config = dataclasses.replace(TRAIN, batch_size=16)
    apart = draw_steps(lengths, config, epoch=1)
    together = draw_steps(lengths, dataclasses.replace(config, gradient_accumulation=3), epoch=1)
    assert [len(batches) for batches in apart] == [1] * 7
    assert [len(batches) for batches in together] == [3, 3, 1]
    flattened = [[rows.tolist() for batches in steps for rows in batches] for steps in (apart, together)]
    assert flattened[0] == flattened[1]


@pytest.mark.parametrize("changes", [{"schedule": "linear"}, {"warmup_fraction": 0.1}])
@pytest.mark.parametrize("batches", [{"max_tokens_per_batch": 64}, {"batch_size": 7}, {"group_by_length": False}])
def test_steps_are_counted_ahead(changes, batches):
    rows = make_rows(100, 0)
    config = dataclasses.replace(TRAIN, gradient_accumulation=2, num_epochs=2, **changes, **batches)
    run = start_run(make_model(), rows, config)
    for epoch in (1, 2):
        train_epoch(run, rows, epoch=epoch, show_progress=False)
    assert run.step == count_steps(rows.texts.lengths, config)
    if "schedule" in changes:
        assert run.scheduler.get_last_lr() == [0.0, 0.0]


def test_weighted_loss_is_the_mean_over_the_weights():
    rows = make_rows(40, 0)
    frozen = dataclasses.replace(TRAIN, num_epochs=1, learning_rate=1e-30)
    losses = {}
    for weights in (None, "1,1", "2,2", "1,1e-9", "1e-9,1", "1,3"):
        config = dataclasses.replace(frozen, class_weights=weights)
        (epoch,) = train(make_model(), rows, rows, config, show_progress=False)
        losses[weights] = epoch.train.loss
    assert losses["1,1"] == losses["2,2"] == losses[None]
    counts = np.bincount(rows.labels)
    assert losses[None] == pytest.approx(np.average([losses["1,1e-9"], losses["1e-9,1"]], weights=counts), rel=1e-5)
    expected = np.average([losses["1,1e-9"], losses["1e-9,1"]], weights=counts * [1, 3])
    assert losses["1,3"] == pytest.approx(expected, rel=1e-5)


def test_averaged_weights_are_evaluated_and_kept(monkeypatch):
    seen = []

    def evaluate(model, split, dtype):
        seen.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
        return EpochFigures(loss=1.0, accuracy=0.5)

    monkeypatch.setattr("hf_lstm.training.loop.epochs.evaluate_split", evaluate)
    rows = make_rows(40, 0)
    averaged, plain = make_model(), make_model()
    for model, decay in ((averaged, 0.9), (plain, None)):
        config = dataclasses.replace(TRAIN, num_epochs=1, ema_decay=decay)
        train(model, rows, rows, config, show_progress=False)
        assert all(torch.equal(seen[-1][name], tensor) for name, tensor in model.state_dict().items())
    assert not any(torch.equal(seen[0][name], seen[1][name]) for name, _ in plain.named_parameters())


@pytest.mark.parametrize("ema_decay", [None, 0.5])
def test_frozen_weights_stay_bit_for_bit(ema_decay):
    rows = make_rows(40, 0)
    model = make_model()
    model.embedding.weight.requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    config = dataclasses.replace(TRAIN, num_epochs=2, weight_decay=0.5, ema_decay=ema_decay)
    train(model, rows, rows, config, show_progress=False)
    unchanged = {name for name, tensor in model.state_dict().items() if torch.equal(tensor, before[name])}
    assert unchanged == {"embedding.weight"}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"class_weights": "balanced", "label_smoothing": 0.1, "schedule": "cosine", "warmup_fraction": 0.1},
        {"gradient_accumulation": 2, "ema_decay": 0.9, "weight_decay": 1e-2, "schedule": "linear"},
    ],
)
def test_four_classes_are_learned(changes):
    config = dataclasses.replace(MODEL, id2label=dict(enumerate("abcd")), pooling="attention", hidden_size=16)
    torch.manual_seed(0)
    model = LSTMSentiment(config)
    train_split, validation_split = make_rows(400, 0, num_labels=4), make_rows(200, 1, num_labels=4)
    settings = dataclasses.replace(TRAIN, num_epochs=10, learning_rate=2e-2, **changes)
    epochs = train(model, train_split, validation_split, settings, show_progress=False)
    assert max(epoch.validation.accuracy for epoch in epochs) > 0.9
