import dataclasses
import json

import pytest

from hf_lstm.config import DataConfig, ModelConfig, ModelSettings, TrainConfig
from hf_lstm.config.recipes.catalog import get_recipe
from hf_lstm.config.recipes.published import PACKED_LSTM, STOPWORD_LSTM
from hf_lstm.errors import InputError


def test_unknown_recipe_names_the_nearest():
    with pytest.raises(InputError, match="did you mean packed-lstm"):
        get_recipe("paked-lstm")


@pytest.mark.parametrize(
    ("dataset", "name"),
    [
        ("sample", "sample-packed-lstm"),
        ("stanfordnlp/imdb", "imdb-packed-lstm"),
        ("../my data/Film reviews (2).csv", "film-reviews-2-packed-lstm"),
        ("reviews.csv.gz", "reviews-packed-lstm"),
        ("shops/*.csv", "shops-packed-lstm"),
        ("shops/", "shops-packed-lstm"),
        ("отзывы.csv", "отзывы-packed-lstm"),
        (".", "data-packed-lstm"),
        ("data in memory", "data-in-memory-packed-lstm"),
        ("x" * 300, "x" * 60 + "-packed-lstm"),
    ],
)
def test_a_folder_is_named_after_the_data(dataset, name):
    assert dataclasses.replace(PACKED_LSTM, data=DataConfig(dataset=dataset)).name_folder() == name


def test_model_config_survives_json():
    config = STOPWORD_LSTM.model.resolve(vocab_size=9, label_names=["neg", "pos"])
    assert ModelConfig(**json.loads(json.dumps(dataclasses.asdict(config)))) == config


def test_single_logit_is_kept_for_two_labels_only():
    assert PACKED_LSTM.model.resolve(vocab_size=9, label_names=["a", "b"]).single_logit
    assert not PACKED_LSTM.model.resolve(vocab_size=9, label_names=["a", "b", "c"]).single_logit


def resolve(**changes):
    return ModelConfig(**{"vocab_size": 2, "id2label": {0: "neg", 1: "pos"}, **changes})


def test_labels_are_listed_by_their_ids():
    assert resolve(id2label={"1": "pos", "0": "neg"}).label_names == ["neg", "pos"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: ModelSettings(hidden_size=0),
        lambda: ModelSettings(hidden_size="4"),
        lambda: resolve(pad_token_id=2),
        lambda: resolve(id2label=None),
        lambda: resolve(id2label={0: "only"}),
        lambda: resolve(id2label={0: "a", 1: "a"}),
        lambda: resolve(single_logit=True, id2label={0: "a", 1: "b", 2: "c"}),
        lambda: resolve(id2label={0: "a", 2: "b"}),
        lambda: ModelSettings(pooling="sum"),
        lambda: resolve(temperature=0),
        lambda: resolve(temperature=-1.0),
        lambda: resolve(temperature=float("nan")),
        lambda: DataConfig(split="pooled", train_fraction=0.9, validation_fraction=0.1),
        lambda: ModelSettings(word_dropout=1.0),
        lambda: ModelSettings(bidirectional=True, direction_dropout=1.1),
        lambda: ModelSettings(direction_dropout=0.5),
        lambda: TrainConfig(cuda_graphs=True, num_shards=2),
        lambda: ModelSettings(embedding_dropout=-0.1),
        lambda: TrainConfig(seed=-1),
        lambda: TrainConfig(gradient_accumulation=0),
        lambda: TrainConfig(label_smoothing=1.0),
        lambda: TrainConfig(ema_decay=1.0),
        lambda: TrainConfig(warmup_steps=10, warmup_fraction=0.1),
        lambda: TrainConfig(class_weights="1,-2"),
        lambda: TrainConfig(class_weights="1;2"),
        lambda: TrainConfig(class_weights=""),
        lambda: TrainConfig(class_weights=[1, 2]),
        lambda: TrainConfig(class_weights="1,inf"),
        lambda: TrainConfig(class_weights="nan,1"),
        lambda: TrainConfig(learning_rate=float("nan")),
    ],
)
def test_impossible_settings_are_refused_where_they_are_built(make):
    with pytest.raises(InputError):
        make()
