import dataclasses

import numpy as np
import pytest
import torch
from tiny_training import SHARDED, make_random_model, make_rows

from hf_lstm.data.encoded import LabeledTexts
from hf_lstm.distributed.processes import Processes
from hf_lstm.distributed.shards import Shards
from hf_lstm.errors import NonFiniteError
from hf_lstm.model.prediction import compute_logits
from hf_lstm.training.loop.epochs import start_run, train
from hf_lstm.training.loop.step import train_step

VIRTUAL = {"virtual_adversarial_epsilon": 1.0, "unlabeled": "texts.txt", "unlabeled_batches_per_step": 1}


@pytest.fixture
def num_threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    "changes",
    [
        {"precision": "float32", "adversarial_epsilon": 1.0, "frozen_steps": 2, **VIRTUAL},
        {"precision": "bfloat16", "gradient_accumulation": 2},
    ],
)
def test_any_number_of_threads_gives_the_same_bits(num_threads, changes):
    config, found, texts = dataclasses.replace(SHARDED, **changes), [], make_rows(50, 2).texts
    for number in (1, 2, 4):
        num_threads(number)
        torch.manual_seed(number)  # what is drawn does not come from there
        model = make_random_model()
        epochs = train(model, make_rows(90, 0), make_rows(30, 1), config, unlabeled=texts, show_progress=False)
        figures = [dataclasses.replace(epoch, elapsed_s=0.0) for epoch in epochs]
        found.append((figures, [weights.tolist() for weights in model.state_dict().values()]))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("num_rows", [1, 3, 20])
def test_shards_add_up_to_the_gradients_of_the_batch(num_rows):
    rows, gradients, figures = make_rows(20, 0), [], []
    for num_shards in (None, 1, 4, 7):
        model = make_random_model(dropout=0.0, word_dropout=0.0)
        config = dataclasses.replace(SHARDED, num_shards=num_shards, precision="float32")
        run = start_run(model, rows, config)
        figures.append(train_step(run, rows, np.arange(num_rows)))
        gradients.append(torch.cat([parameter.grad.flatten() for parameter in model.parameters()]))
    for other, figure in zip(gradients[1:], figures[1:], strict=True):
        torch.testing.assert_close(other, gradients[0], rtol=1e-4, atol=1e-6)
        assert figure == pytest.approx(figures[0], rel=1e-5)


def test_weights_that_are_frozen_meanwhile_get_no_gradient():
    rows, model = make_rows(20, 0), make_random_model()
    run = dataclasses.replace(start_run(model, rows, SHARDED), lower_parameters=[])  # nothing unfreezes them
    train_step(run, rows, np.arange(20))
    before = model.embedding.weight.clone()
    model.embedding.weight.requires_grad_(False)
    train_step(run, rows, np.arange(20))
    assert model.embedding.weight.grad is None
    assert model.embedding.weight.equal(before)
    model.embedding.weight.requires_grad_(True)
    train_step(run, rows, np.arange(20))
    assert not model.embedding.weight.equal(before)


def test_each_step_and_shard_draws_other_numbers():
    rows = make_rows(8, 0)
    rows = LabeledTexts(rows.texts.select(np.zeros(8, dtype=np.int64)), np.zeros(8, dtype=np.int64))  # all alike
    drawn = []

    def add(model, part):
        drawn.append(model.embedding_dropout.train()(torch.ones(50)))
        model.embedding.weight.sum().backward()
        return torch.zeros(1)

    shards = Shards(make_random_model(), 2, seed=0, processes=Processes())
    for step in (0, 1, 0):
        shards.add_gradients(step, [[0], [1]], add, num_figures=1)
    first, *others, again, _ = drawn
    assert not any(first.equal(other) for other in others)
    assert {tuple(each.tolist()) for each in drawn[:2]} == {tuple(each.tolist()) for each in drawn[4:]}
    assert again is drawn[4]


def test_answers_are_those_of_the_whole_split():
    model, rows = make_random_model().eval(), make_rows(25, 3)
    logits = Shards(model, 4, seed=0, processes=Processes()).compute_logits(model, rows.texts, torch.float32)
    torch.testing.assert_close(logits, compute_logits(model, rows.texts, dtype=torch.float32), rtol=1e-4, atol=1e-5)
    with torch.no_grad():
        model.classifier.bias.fill_(torch.nan)
    with pytest.raises(NonFiniteError):
        Shards(model, 4, seed=0, processes=Processes()).compute_logits(model, rows.texts, torch.float32)
