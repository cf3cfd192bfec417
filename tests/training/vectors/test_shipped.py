"""The word vectors that come along, and when training starts from them."""

import dataclasses

import numpy as np
import pytest
import torch

from hf_lstm.config import ModelSettings, Recipe, TokenizerConfig, TrainConfig
from hf_lstm.config.overrides import override_recipe
from hf_lstm.config.recipes.catalog import DEFAULT_RECIPE, get_recipe
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.tokenization.build import train_tokenizer
from hf_lstm.training.vectors.shipped import read_shipped_vectors
from hf_lstm.training.vectors.start import find_vector_source, use_word_vectors

ENGLISH = ["It's a good film, and I liked it.", "What a terrible waste of two hours!"]
GERMAN = ["Ein wirklich guter Film, der mir gefallen hat.", "Schade um die verlorenen zwei Stunden!"]
CHINESE = ["这部电影非常好看", "这部电影太无聊了"]


def start(texts, embedding_dim=64, **train):
    tokenizer = train_tokenizer(texts, TokenizerConfig(words="punctuated"))
    settings = ModelSettings(embedding_dim=embedding_dim, hidden_size=2)
    config = settings.resolve(vocab_size=tokenizer.get_vocab_size(), label_names=("neg", "pos"))
    recipe = Recipe(name="r", description="d", source="s", model=settings, train=TrainConfig(**train))
    model = LSTMSentiment(config, tokenizer)
    source = find_vector_source(recipe)
    before = model.embedding.weight.clone()
    ids = np.concatenate([tokenizer.encode(text).ids for text in texts]).astype(np.int32)
    facts = None if source is None else use_word_vectors(model, source, recipe.train, ids)
    return model, facts, not torch.equal(model.embedding.weight, before)


def test_words_of_like_meaning_are_near():
    vectors = read_shipped_vectors()
    assert vectors.table.shape == (len(vectors.vocab), 64)
    assert torch.isfinite(vectors.table).all()
    words = list(vectors.vocab)
    near = torch.nn.functional.normalize(vectors.table, dim=1)
    nearest = (near @ near[vectors.vocab["terrible"]]).topk(6).indices.tolist()
    assert {words[place] for place in nearest} >= {"terrible", "horrible", "dreadful"}


def test_english_rows_start_from_them(caplog):
    with caplog.at_level("INFO"):
        model, facts, is_changed = start(ENGLISH, init_from="auto")
    assert is_changed
    assert "of the tokens of train have a vector among those that come along" in caplog.text
    assert (facts.source, facts.is_frozen) == ("hf_lstm", False)
    assert facts.share_of_train_tokens == 1
    vectors = read_shipped_vectors()
    found = model.embedding.weight[model.tokenizer.token_to_id("terrible")]
    assert torch.equal(found, vectors.table[vectors.vocab["terrible"]])


def test_fewer_numbers_are_the_principal_ones():
    model, _, is_changed = start(ENGLISH, embedding_dim=3, init_from="auto")
    assert is_changed
    assert model.embedding.weight.shape[1] == 3


@pytest.mark.parametrize("texts", [GERMAN, CHINESE])
def test_rows_in_another_language_start_without_them(texts, caplog):
    with caplog.at_level("INFO"):
        assert start(texts, init_from="auto")[1:] == (None, False)
    assert "start: without the word vectors that come along, which" in caplog.text


def test_longer_vectors_than_there_are_start_without_them(caplog):
    with caplog.at_level("INFO"):
        assert start(ENGLISH, embedding_dim=65, init_from="auto")[1:] == (None, False)
    assert "of 64 numbers: model.embedding_dim is 65" in caplog.text


def test_none_turns_them_off():
    assert start(ENGLISH, init_from=None)[1:] == (None, False)
    recipe = get_recipe(DEFAULT_RECIPE)
    assert find_vector_source(recipe).comes_along
    assert find_vector_source(override_recipe(recipe, ["train.init_from=none"])) is None


def test_a_file_of_vectors_comes_first(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("good 1 2 3 4\n")
    recipe = get_recipe(DEFAULT_RECIPE)
    train = dataclasses.replace(recipe.train, embeddings=str(path))
    source = find_vector_source(dataclasses.replace(recipe, model=ModelSettings(embedding_dim=4), train=train))
    assert (source.path, source.comes_along) == (path, False)
