import dataclasses
import math

import numpy as np
import pytest
import torch

from hf_lstm.config import ModelSettings, TrainConfig
from hf_lstm.errors import DivergenceError, InputError
from hf_lstm.nn.network import LSTMNetwork
from hf_lstm.records.results import Epoch, EpochFigures
from hf_lstm.training.loop.optimization import (
    build_averaged_model,
    build_optimizer,
    build_scheduler,
    compute_row_weights,
    require_convergence,
)

CONFIG = TrainConfig(learning_rate=1.0)


def make_model(**changes) -> LSTMNetwork:
    torch.manual_seed(0)
    config = ModelSettings(embedding_dim=4, hidden_size=4, **changes)
    return LSTMNetwork(config.resolve(vocab_size=9, label_names=["neg", "pos"]))


def follow(num_steps: int, **changes) -> list[float]:
    """Return the learning rate of each step, and the one after the last."""
    config = dataclasses.replace(CONFIG, **changes)
    optimizer = build_optimizer(make_model(), config)
    scheduler = build_scheduler(optimizer, config, num_steps)
    rates = [scheduler.get_last_lr()[0]]
    for _ in range(num_steps):
        optimizer.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr()[0])
    return rates


@pytest.mark.parametrize(
    ("changes", "rates"),
    [
        ({}, [1, 1, 1, 1, 1, 1, 1, 1, 1]),
        ({"warmup_steps": 4}, [0, 0.25, 0.5, 0.75, 1, 1, 1, 1, 1]),
        ({"warmup_fraction": 0.5}, [0, 0.25, 0.5, 0.75, 1, 1, 1, 1, 1]),
        ({"schedule": "linear"}, [1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8, 0]),
        ({"schedule": "linear", "warmup_steps": 4}, [0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25, 0]),
        ({"schedule": "cosine", "warmup_fraction": 0.5}, [0, 0.25, 0.5, 0.75, 1, 0.8535534, 0.5, 0.1464466, 0]),
        ({"schedule": "cosine", "warmup_steps": 8}, [0, 1 / 8, 2 / 8, 3 / 8, 4 / 8, 5 / 8, 6 / 8, 7 / 8, 1]),
    ],
)
def test_learning_rate_over_eight_steps(changes, rates):
    assert follow(8, **changes) == pytest.approx(rates, abs=1e-6)


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_learning_rate_never_rises_again(schedule):
    optimizer = build_optimizer(make_model(), CONFIG)
    scheduler = build_scheduler(optimizer, dataclasses.replace(CONFIG, schedule=schedule), num_steps=2)
    for _ in range(5):
        optimizer.step()
        scheduler.step()
    assert scheduler.get_last_lr() == [0.0, 0.0]


def test_weight_decay_leaves_out_biases_normalization_and_embedding():
    model = make_model(pooling="attention", head_norm=True, bidirectional=True)
    optimizer = build_optimizer(model, dataclasses.replace(CONFIG, weight_decay=0.1))
    decay_by_id = {id(weight): group["weight_decay"] for group in optimizer.param_groups for weight in group["params"]}
    decayed = {name for name, parameter in model.named_parameters() if decay_by_id[id(parameter)]}
    assert decayed == {
        "lstm.weight_ih_l0",
        "lstm.weight_hh_l0",
        "lstm.weight_ih_l0_reverse",
        "lstm.weight_hh_l0_reverse",
        "pooling.projection.weight",
        "pooling.query.weight",
        "classifier.weight",
    }
    assert len(decay_by_id) == len(list(model.parameters()))


@pytest.mark.parametrize("frozen", ["embedding", "lstm", "classifier"])
def test_frozen_weights_are_not_optimized(frozen):
    model = make_model()
    model.get_submodule(frozen).requires_grad_(False)
    optimizer = build_optimizer(model, CONFIG)
    optimized = {id(weight) for group in optimizer.param_groups for weight in group["params"]}
    assert optimized == {id(parameter) for parameter in model.parameters() if parameter.requires_grad}


def test_average_of_weights_is_exponential_once_it_has_begun():
    model, decay = make_model(), 0.5
    averaged = build_averaged_model(model, decay)
    expected = None
    for update in range(30):
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.normal_()
        averaged.update_parameters(model)
        weight = model.classifier.weight.detach().double()
        share = min(decay, (1 + update) / (10 + update))
        expected = weight if expected is None else share * expected + (1 - share) * weight
        torch.testing.assert_close(averaged.module.classifier.weight.double(), expected, rtol=0, atol=1e-6)


def test_weights_of_rows():
    labels = np.array([0, 0, 0, 1, 2, 2])
    assert compute_row_weights(labels, None, num_labels=3).tolist() == [1.0] * 6
    assert compute_row_weights(labels, "1, 2,0.5", num_labels=3).tolist() == [1, 1, 1, 2, 0.5, 0.5]
    balanced = compute_row_weights(labels, "balanced", num_labels=3)
    sums = [balanced[labels == label].sum() for label in range(3)]
    assert sums == pytest.approx([2, 2, 2])
    assert np.isfinite(compute_row_weights(labels, "balanced", num_labels=4)).all()
    with pytest.raises(InputError, match="2 numbers, but there are 3 labels"):
        compute_row_weights(labels, "1,2", num_labels=3)


@pytest.mark.parametrize("num_labels", [2, 3, 100])
@pytest.mark.parametrize("ratio", [0.01, 1.0, 1.5, 9.9, 10.1, 3e30, math.inf, math.nan])
def test_a_best_epoch_far_worse_than_guessing_diverged(num_labels, ratio):
    losses = [math.nan, ratio * math.log(num_labels), 1e9]  # the second is the best, the others do not matter
    train = EpochFigures(loss=0.5, accuracy=0.5)
    epochs = [
        Epoch(epoch=i + 1, is_best=i < 2, train=train, validation=EpochFigures(loss=loss, accuracy=0.5), elapsed_s=1.0)
        for i, loss in enumerate(losses)
    ]
    if ratio < 10:
        require_convergence(epochs, guessing_loss=math.log(num_labels))
    else:
        with pytest.raises(DivergenceError, match="epoch 2, the best: validation loss") as caught:
            require_convergence(epochs, guessing_loss=math.log(num_labels))
        assert "\n" not in str(caught.value)
