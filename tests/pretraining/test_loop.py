"""Training of a language model: it learns, it can be resumed to the bit, and it stops where it diverges."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from hf_lstm.config.model import NetworkConfig
from hf_lstm.config.pretrain import PretrainConfig
from hf_lstm.encoding.encoder import EncodedTexts
from hf_lstm.errors import DivergenceError
from hf_lstm.pretraining import loop
from hf_lstm.pretraining.language_model import LanguageModel
from hf_lstm.pretraining.loop import measure_losses, pretrain, pretrain_step, start_pretraining
from hf_lstm.pretraining.state import PretrainRun
from hf_lstm.storage.checkpoints import Checkpoints
from hf_lstm.storage.session import Session

CONFIG = PretrainConfig(
    num_epochs=3, batch_size=2, num_candidates=8, learning_rate=0.05, warmup_steps=2, precision="float32"
)


def make_texts(rows: list[list[int]]) -> EncodedTexts:
    return EncodedTexts(
        np.concatenate(rows).astype(np.int32), np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    )


TEXTS = make_texts([[2, 3, 4, 5, 6, 7], [3, 4, 5], [5, 6, 7, 8, 9], [2, 3], [4, 5, 6, 7, 8, 9, 2], [9]])


def start(config: PretrainConfig = CONFIG, *, dropout: float = 0.3) -> PretrainRun:
    torch.manual_seed(config.seed)
    network = NetworkConfig(
        vocab_size=10, embedding_dim=6, hidden_size=8, bidirectional=True, dropout=dropout, max_length_tokens=4
    )
    return start_pretraining(LanguageModel(network), TEXTS, config)


def list_weights(run: PretrainRun) -> dict[str, torch.Tensor]:
    return {name: weight.clone() for name, weight in run.model.state_dict().items()}


def test_it_learns_which_word_follows() -> None:
    run = start(PretrainConfig(**{**vars_of(CONFIG), "num_epochs": 25}), dropout=0.0)
    before = measure_losses(run.model, TEXTS, torch.float32)
    epochs = pretrain(run, TEXTS, show_progress=False)
    assert len(epochs) == 25
    assert max(epochs[-1].validation_loss) < 0.7 < 1.5 < min(before)
    assert epochs[-1].validation_perplexity == pytest.approx(np.exp(epochs[-1].validation_loss))
    assert epochs[-1].num_tokens == sum(len(TEXTS[row]) for row in range(5))


def vars_of(config: PretrainConfig) -> dict:
    return {name: getattr(config, name) for name in config.__dataclass_fields__}


def test_words_start_as_likely_as_they_are_frequent() -> None:
    run = start()
    shares = run.model.output_bias.detach().exp()
    counts = np.maximum(np.bincount(TEXTS.input_ids, minlength=10), 1)
    np.testing.assert_allclose(shares, counts / counts.sum(), rtol=1e-5)


@pytest.mark.parametrize("stop_after", [1, 3, 4, 7])
def test_a_resumed_run_equals_an_uninterrupted_one_to_the_bit(tmp_path: Path, monkeypatch, stop_after: int) -> None:
    whole = start()
    expected = pretrain(whole, TEXTS, show_progress=False)

    steps = itertools.count()

    def interrupted_step(run: PretrainRun) -> tuple[float, int, int]:
        if next(steps) == stop_after:
            raise KeyboardInterrupt
        return pretrain_step(run)

    monkeypatch.setattr(loop, "pretrain_step", interrupted_step)
    with pytest.raises(KeyboardInterrupt):
        pretrain(start(), TEXTS, session=Session(Checkpoints(tmp_path, every_s=None)), show_progress=False)
    monkeypatch.undo()
    torch.rand(3)  # whatever came between
    resumed = start()
    found = pretrain(resumed, TEXTS, session=Session(Checkpoints(tmp_path, every_s=None)), show_progress=False)

    assert resumed.step == whole.step == whole.num_steps
    for name, weight in list_weights(whole).items():
        assert torch.equal(weight, list_weights(resumed)[name]), name
    assert [(epoch.train_loss, epoch.validation_loss) for epoch in found] == [
        (epoch.train_loss, epoch.validation_loss) for epoch in expected
    ]


def test_a_step_that_diverges_is_not_taken() -> None:
    run = start()
    with torch.no_grad():
        run.model.projections[0].weight[0, 0] = torch.nan
    before = list_weights(run)
    with pytest.raises(DivergenceError, match="step 1: loss nan"):
        pretrain_step(run)
    assert run.step == 0
    assert all(
        torch.equal(
            before[name],
            weight,
        )
        or name == "projections.0.weight"
        for name, weight in list_weights(run).items()
    )


def test_padding_keeps_an_embedding_of_zeros() -> None:
    run = start()
    pretrain(run, TEXTS, show_progress=False)
    assert run.model.embedding.weight[0].abs().sum() == 0


def test_measuring_reads_no_more_than_it_may(monkeypatch) -> None:
    run = start()
    first = make_texts([TEXTS[0].tolist(), TEXTS[1].tolist()])
    expected = measure_losses(run.model, first, torch.float32)
    monkeypatch.setattr(loop, "MAX_MEASURED_TOKENS", 10)
    assert measure_losses(run.model, TEXTS, torch.float32) == expected
