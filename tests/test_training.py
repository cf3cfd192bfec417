import dataclasses

import numpy as np
import pytest
import torch

from hf_lstm.batching import LabeledTexts, fill_empty
from hf_lstm.config import ModelConfig, TrainConfig
from hf_lstm.encoding import EncodedTexts
from hf_lstm.errors import DivergenceError
from hf_lstm.modeling import LSTMSentiment
from hf_lstm.training import start_run, train, train_step

MODEL = ModelConfig(embedding_dim=8, hidden_size=8).resolve(vocab_size=20, label_names=["neg", "pos"])
TRAIN = TrainConfig(num_epochs=3, batch_size=16, learning_rate=1e-2, precision="float32")


def make_rows(num_rows: int, seed: int) -> LabeledTexts:
    """Rows of random ids; id 2 stands in the positive ones alone."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, num_rows)
    rows = [generator.integers(3, 20, generator.integers(3, 12)) for _ in range(num_rows)]
    for row, label in zip(rows, labels, strict=True):
        row[generator.integers(len(row))] = 2 if label else 3
    offsets = np.cumsum([0, *map(len, rows)])
    texts = EncodedTexts(input_ids=np.concatenate(rows).astype(np.int32), offsets=offsets)
    return LabeledTexts(fill_empty(texts, 1), labels)


def make_model(seed: int = 0, **changes) -> LSTMSentiment:
    torch.manual_seed(seed)
    return LSTMSentiment(dataclasses.replace(MODEL, **changes))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_one_batch_is_learned_by_heart(precision):
    rows = make_rows(16, seed=0)
    run = start_run(make_model(), dataclasses.replace(TRAIN, precision=precision))
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


def test_best_epoch_is_kept_and_patience_ends_the_run(monkeypatch):
    losses = iter([0.5, 0.3, 0.4, 0.35, 0.2])
    weights = []

    def evaluate(model, split, dtype):
        weights.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
        return {"loss": next(losses), "accuracy": 0.5}

    monkeypatch.setattr("hf_lstm.training.evaluate_split", evaluate)
    model = make_model()
    config = dataclasses.replace(TRAIN, num_epochs=5, patience=2)
    epochs = train(model, make_rows(40, 0), make_rows(10, 1), config, show_progress=False)
    assert [record["is_best"] for record in epochs] == [True, True, False, False]
    assert all(torch.equal(weights[1][name], tensor) for name, tensor in model.state_dict().items())


def test_figures_are_means_over_rows_however_uneven_the_batches():
    rows = make_rows(17, seed=0)
    model = make_model()
    frozen = dataclasses.replace(TRAIN, num_epochs=1, learning_rate=1e-30)
    (record,) = train(model, rows, rows, frozen, show_progress=False)
    assert record["train"] == pytest.approx(record["validation"], abs=1e-6)


def test_warmup_rises_linearly_and_then_stays():
    run = start_run(make_model(), dataclasses.replace(TRAIN, warmup_steps=4, learning_rate=1.0))
    rates = []
    for _ in range(6):
        rates.append(run.scheduler.get_last_lr()[0])
        run.optimizer.step()
        run.scheduler.step()
    assert rates == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]


def test_gradients_are_clipped_to_the_norm():
    run = start_run(make_model(), dataclasses.replace(TRAIN, max_grad_norm=1e-3))
    train_step(run, make_rows(16, 0), np.arange(16))
    norm = torch.stack([p.grad.norm() for p in run.model.parameters()]).norm()
    assert norm.item() == pytest.approx(1e-3, rel=1e-3)


def test_not_finite_loss_stops_before_the_weights_are_touched():
    model = make_model()
    run = start_run(model, TRAIN)
    train_step(run, make_rows(16, 0), np.arange(16))
    with torch.no_grad():
        model.classifier.bias[0] = torch.nan
    before = model.lstm.weight_hh_l0.clone()
    with pytest.raises(DivergenceError, match="step 2"):
        train_step(run, make_rows(16, 0), np.arange(16))
    assert torch.equal(before, model.lstm.weight_hh_l0)
