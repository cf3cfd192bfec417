"""What is asked of answers besides the labels, and which weights learn of it."""

import dataclasses

import numpy as np
import pytest
import torch
from tiny_training import TRAIN, make_model, make_rows

from hf_lstm.config import TrainConfig
from hf_lstm.data.encoded import LabeledTexts
from hf_lstm.encoding.batching import collate
from hf_lstm.errors import InputError
from hf_lstm.objectives.adversarial import sum_entropy
from hf_lstm.training.loop.epochs import start_run, train
from hf_lstm.training.loop.optimization import build_optimizer
from hf_lstm.training.loop.order import draw_unlabeled_steps
from hf_lstm.training.loop.step import train_step

VIRTUAL = dataclasses.replace(
    TRAIN, virtual_adversarial_epsilon=0.5, unlabeled="texts.txt", unlabeled_batches_per_step=2
)


def take_step(config, *, unlabeled=(), model=None, rows=None):
    """Take a step on 16 rows, and return its loss and gradients."""
    rows = make_rows(16, seed=0) if rows is None else rows
    if model is None:
        model = make_model(output_dropout=0.5, embedding_dropout=0.2, bidirectional=True, direction_dropout=0.5)
    run = start_run(model, rows, dataclasses.replace(config, max_grad_norm=None), unlabeled=make_rows(40, seed=7).texts)
    torch.manual_seed(3)
    loss_sum, _ = train_step(run, rows, np.arange(16), unlabeled=unlabeled)
    return loss_sum, {name: parameter.grad for name, parameter in model.named_parameters()}


@pytest.mark.parametrize("unlabeled", [(), (np.arange(8), np.arange(8, 24))])
def test_a_virtual_adversary_that_changes_nothing_adds_nothing_dropout_included(unlabeled):
    loss_sum, grads = take_step(TRAIN)
    other_sum, others = take_step(dataclasses.replace(VIRTUAL, virtual_adversarial_epsilon=1e-12), unlabeled=unlabeled)
    assert other_sum == pytest.approx(loss_sum, rel=1e-5)
    for name, grad in grads.items():
        torch.testing.assert_close(others[name], grad, rtol=1e-4, atol=1e-6)


def test_labels_and_texts_without_labels_add_their_divergence():
    adversarial = dataclasses.replace(VIRTUAL, adversarial_epsilon=1e-12)
    plain, labeled, both = (
        take_step(config, unlabeled=unlabeled, model=make_model())[0]
        for config, unlabeled in ((TRAIN, ()), (VIRTUAL, ()), (VIRTUAL, (np.arange(16),)))
    )
    assert plain < both
    assert plain < labeled
    assert both != labeled
    assert take_step(adversarial, model=make_model())[0] > 2 * plain


def test_entropy_is_that_of_all_answers():
    config = dataclasses.replace(VIRTUAL, virtual_adversarial_epsilon=None, entropy_weight=3.0)
    plain, _ = take_step(TRAIN, model=make_model())
    found, _ = take_step(config, unlabeled=(np.arange(16),), model=make_model())
    model, entropy = make_model().eval(), 0.0
    for texts in (make_rows(16, seed=0).texts, make_rows(40, seed=7).texts):
        batch = collate(texts, np.arange(16), pad_token_id=0)
        entropy += sum_entropy(model(batch.input_ids, batch.lengths)).item() / 32
    assert found == pytest.approx(plain + 16 * 3.0 * entropy, rel=1e-4)


def test_distilling_a_model_into_itself_changes_nothing():
    rows, model = make_rows(16, seed=0), make_model()
    batch = collate(rows.texts, np.arange(16), pad_token_id=0)
    with torch.no_grad():
        answers = model(batch.input_ids, batch.lengths).softmax(dim=1)
    _, grads = take_step(TRAIN, model=model, rows=LabeledTexts(rows.texts, rows.labels, answers.numpy()))
    assert max(grad.abs().max().item() for grad in grads.values()) < 1e-7


def test_the_order_of_texts_without_labels_is_a_function_of_seed_and_epoch():
    lengths = make_rows(50, seed=0).texts.lengths

    def draw(epoch, **changes):
        config = dataclasses.replace(VIRTUAL, batch_size=8, **changes)
        return [
            [rows.tolist() for rows in step] for step in draw_unlabeled_steps(lengths, config, epoch=epoch, num_steps=9)
        ]

    steps = draw(1)
    assert [len(step) for step in steps] == [2] * 9
    read = sorted(row for step in steps for batch in step for row in batch)
    assert set(read) == set(range(50))  # twice and more: all of them
    assert max(np.bincount(read)) - min(np.bincount(read)) <= 1
    assert draw(1) == steps
    assert steps not in (draw(2), draw(1, seed=1))


def test_training_with_texts_without_labels_learns_and_repeats_itself():
    rows, texts = make_rows(64, seed=0), make_rows(100, seed=5).texts
    models = [make_model(), make_model()]
    for model in models:
        torch.manual_seed(0)
        config = dataclasses.replace(VIRTUAL, num_epochs=8, ema_decay=0.9, learning_rate=2e-2)
        epochs = train(model, rows, make_rows(64, 1), config, unlabeled=texts, show_progress=False)
    assert max(epoch.validation.accuracy for epoch in epochs) > 0.9
    first, again = (model.state_dict() for model in models)
    assert all(torch.equal(first[name], again[name]) for name in first)


@pytest.mark.parametrize("extra", [{}, {"virtual_adversarial_epsilon": 0.5}])
def test_embedding_and_lstm_stay_in_frozen_steps_and_learn_after_them(extra):
    rows, model = make_rows(16, seed=0), make_model()
    run = start_run(model, rows, dataclasses.replace(TRAIN, frozen_steps=2, weight_decay=0.1, **extra))
    changed = []
    for _ in range(3):
        before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
        train_step(run, rows, np.arange(16))
        changed.append(
            {name for name, parameter in model.named_parameters() if not torch.equal(parameter, before[name])}
        )
    assert changed[0] == changed[1] == {"classifier.weight", "classifier.bias"}
    assert changed[2] == set(before)


def test_lower_layers_learn_more_slowly():
    model = make_model(num_layers=2, pooling="attention")
    optimizer = build_optimizer(model, dataclasses.replace(TRAIN, learning_rate=1.0, layer_decay=0.5, weight_decay=0.1))
    names = {parameter: name for name, parameter in model.named_parameters()}
    rates = {names[parameter]: group["lr"] for group in optimizer.param_groups for parameter in group["params"]}
    assert set(rates) == set(names.values())
    expected = {"embedding.weight": 0.125, "lstm.weight_ih_l0": 0.25, "lstm.bias_hh_l1": 0.5, "classifier.bias": 1.0}
    assert {name: rates[name] for name in expected} == expected
    assert rates["pooling.query.weight"] == optimizer.param_groups[0]["lr"] == 1.0


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"unlabeled_batches_per_step": 1, "unlabeled": "auto"}, "0 without train.virtual_adversarial_epsilon"),
        ({"unlabeled_batches_per_step": 1, "entropy_weight": 1.0}, "0 without train.unlabeled"),
        ({"unlabeled": "texts.txt"}, "none or auto without train.teachers and train.unlabeled_batches_per_step"),
        ({"virtual_adversarial_epsilon": 0.0}, "train.virtual_adversarial_epsilon is 0.0, but must be none or > 0"),
        ({"layer_decay": 0.0}, "train.layer_decay"),
        ({"frozen_steps": -1}, "train.frozen_steps"),
        ({"teachers": "ngrams,a", "teacher_votes": "1"}, "none, or 2 positive numbers"),
        ({"teachers": "ngrams,a", "teacher_votes": "1,-1"}, "train.teacher_votes"),
        ({"teachers": "ngrams", "teacher_votes": "1,2"}, "none, or 1 positive number$"),
        ({"teacher_votes": "1"}, "train.teacher_votes is '1', but must be none without train.teachers"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings, expected):
    with pytest.raises(InputError, match=expected):
        TrainConfig(**settings)
