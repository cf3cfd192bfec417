"""The language model: what each direction may see, and what it predicts."""

import pytest
import torch

from hf_lstm.config.model import NetworkConfig
from hf_lstm.pretraining.language_model import LanguageModel, Prediction

IDS = torch.tensor([[2, 3, 4, 5, 6], [7, 8, 9, 0, 0], [5, 0, 0, 0, 0]])
LENGTHS = torch.tensor([5, 3, 1])


@pytest.fixture(params=[True, False])
def model(request) -> LanguageModel:
    torch.manual_seed(0)
    config = NetworkConfig(vocab_size=12, embedding_dim=6, hidden_size=8, bidirectional=request.param, dropout=0.0)
    return LanguageModel(config).double()


def predict(model: LanguageModel, ids: torch.Tensor = IDS) -> list[Prediction]:
    return list(model(ids, LENGTHS))


def test_each_direction_predicts_every_word_but_the_one_it_starts_with(model: LanguageModel) -> None:
    targets = [prediction.targets.tolist() for prediction in predict(model)]
    assert targets == [[3, 4, 5, 6, 8, 9], [2, 3, 4, 5, 7, 8]][: len(targets)]
    for prediction in predict(model):
        assert prediction.features.shape == (6, 6)


@pytest.mark.parametrize("changed", range(5))
def test_no_direction_sees_the_words_it_predicts(model: LanguageModel, changed: int) -> None:
    ids = IDS.clone()
    ids[0, changed] = 11
    for direction, (one, other) in enumerate(zip(predict(model), predict(model, ids), strict=True)):
        differs = (one.features != other.features).any(dim=1)[:4]
        places = range(4)  # place p of the first row: forward has read words 0..p, the reverse direction p+1..4
        expected = [changed <= place if direction == 0 else changed > place for place in places]
        assert differs.tolist() == expected
        assert torch.equal(one.features[4:], other.features[4:])  # the other rows


def test_padding_is_not_read(model: LanguageModel) -> None:
    ids = torch.where(IDS == 0, torch.tensor(0), IDS)
    longer = torch.nn.functional.pad(ids, (0, 3))
    for one, other in zip(predict(model), predict(model, longer), strict=True):
        torch.testing.assert_close(one.features, other.features)
        assert torch.equal(one.targets, other.targets)


def test_every_weight_of_embedding_and_lstm_learns(model: LanguageModel) -> None:
    sum(prediction.features.sum() for prediction in predict(model)).backward()
    for name, parameter in model.named_parameters():
        if name != "output_bias":  # the loss adds it
            assert parameter.grad is not None, name
            assert parameter.grad.abs().sum() > 0, name


def test_rows_too_short_to_predict_give_nothing(model: LanguageModel) -> None:
    for prediction in model(torch.tensor([[3], [4]]), torch.tensor([1, 1])):
        assert prediction.features.shape == (0, 6)
        assert prediction.targets.shape == (0,)
