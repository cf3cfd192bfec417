import dataclasses
import json

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset, Features, Value

from hf_lstm import InputError, LSTMSentiment
from hf_lstm.config import ModelSettings, Recipe, TokenizerConfig, TrainConfig
from hf_lstm.config.overrides import change_settings
from hf_lstm.config.recipes.catalog import DEFAULT_RECIPE, get_recipe
from hf_lstm.data.loading import load_unlabeled
from hf_lstm.records.results import WordVectorFacts
from hf_lstm.training.bases.classifier import BaseModel
from hf_lstm.training.completion import choose_words, resolve_recipe
from hf_lstm.training.setup import build_model, prepare_run
from hf_lstm.training.vectors.start import find_vector_source, use_word_vectors

TEXTS = ["a lovely film", "a dull film", "lovely and dull"]
RECIPE = Recipe(
    name="tiny",
    description="",
    source="",
    model=ModelSettings(embedding_dim=4, hidden_size=3),
    train=TrainConfig(seed=5),
)


@pytest.fixture
def train_split():
    features = Features({"text": Value("string"), "label": ClassLabel(names=["bad", "good"])})
    return Dataset.from_dict({"text": TEXTS, "label": [1, 0, 1]}, features=features)


@pytest.fixture
def resolved(train_split):
    return resolve_recipe(RECIPE, train_split, base=None)


def test_a_resolved_recipe_has_the_vocabulary_and_the_labels_of_train(resolved):
    recipe, config, tokenizer = resolved
    assert recipe.model is config
    assert set(tokenizer.get_vocab()) == {"<pad>", "<unk>", "a", "lovely", "film", "dull", "and"}
    assert (recipe.model.vocab_size, recipe.model.id2label) == (7, {0: "bad", 1: "good"})
    assert dataclasses.replace(recipe, model=RECIPE.model) == RECIPE


@pytest.mark.parametrize("has_recipe", [True, False])
def test_a_model_to_fine_tune_brings_its_architecture_and_its_words(train_split, tiny_model_folder, has_recipe):
    if has_recipe:
        saved = dataclasses.replace(RECIPE, tokenizer=TokenizerConfig(words="letters"))
        (tiny_model_folder / "recipe.json").write_text(json.dumps(saved.to_json()))
    model = LSTMSentiment.from_pretrained(tiny_model_folder)
    base = BaseModel("org/tiny", True, model, "ab" * 32)
    recipe, config, tokenizer = resolve_recipe(RECIPE, train_split, base)
    assert tokenizer is model.tokenizer
    assert recipe.model == config == dataclasses.replace(model.config, id2label={0: "bad", 1: "good"})
    assert recipe.tokenizer == (TokenizerConfig(words="letters") if has_recipe else RECIPE.tokenizer)


def test_the_weights_are_drawn_from_the_seed_alone(resolved):
    models = []
    for seed in (5, 5, 6):
        torch.rand(seed)
        _, config, tokenizer = resolved
        models.append(build_model(LSTMSentiment, config, tokenizer, seed=seed))
    first, again, other = (model.embedding.weight for model in models)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize(
    ("message", "expected"),
    [("DefaultCPUAllocator: can't allocate memory", InputError), ("something else", RuntimeError)],
)
def test_a_model_too_large_for_the_memory_is_one_line_that_names_the_settings(resolved, message, expected):
    class Unbuildable(LSTMSentiment):
        def __init__(self, config, tokenizer):
            raise RuntimeError(message)

    with pytest.raises(expected) as caught:
        build_model(Unbuildable, *resolved[1:], seed=0)
    if expected is InputError:
        assert "model.hidden_size=3, model.embedding_dim=4: make them smaller" in str(caught.value)


def test_vectors_of_another_length_are_found_without_reading_the_file(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("lovely 1 2 3 4\nthe rest is damaged\n")
    assert find_vector_source(RECIPE) is None
    train = TrainConfig(embeddings=str(path))
    assert find_vector_source(dataclasses.replace(RECIPE, train=train)).path == path
    wide = dataclasses.replace(RECIPE, train=train, model=ModelSettings(embedding_dim=5))
    with pytest.raises(InputError, match="has 4 values a word"):
        find_vector_source(wide)


@pytest.mark.parametrize("is_frozen", [True, False])
def test_words_start_from_their_vectors_and_their_share_is_told(tmp_path, resolved, is_frozen):
    path = tmp_path / "vectors.txt"
    path.write_text("lovely 1 2 3 4\nelsewhere 5 6 7 8\n")
    _, model_config, tokenizer = resolved
    model = build_model(LSTMSentiment, model_config, tokenizer, seed=0)
    config = TrainConfig(embeddings=str(path), freeze_embeddings=is_frozen, missing_vectors="zero")
    train_ids = np.concatenate([tokenizer.encode(text).ids for text in TEXTS]).astype(np.int32)
    source = find_vector_source(dataclasses.replace(RECIPE, train=config))
    assert use_word_vectors(model, source, config, train_ids) == WordVectorFacts(
        source=str(path),
        file="vectors.txt",
        is_frozen=is_frozen,
        num_found=1,
        num_entries=7,
        share_of_vocabulary=1 / 7,
        share_of_train_tokens=pytest.approx(2 / 9),
    )
    weight = model.embedding.weight
    assert weight[tokenizer.token_to_id("lovely")].tolist() == [1, 2, 3, 4]
    assert weight.sum().item() == 10
    assert weight.requires_grad != is_frozen


@pytest.mark.parametrize(
    ("texts", "chosen"),
    [
        (["a good film", "a dull film"], "punctuated"),
        (["这部电影非常好看", "这部电影太无聊了"], "bpe"),
        (["หนังเรื่องนี้สนุกมาก", "หนังน่าเบื่อมาก"], "bpe"),
        (["यह फिल्म बहुत अच्छी है", "यह फिल्म उबाऊ है"], "any_script"),
    ],
)
def test_the_default_recipe_finds_words_as_the_script_needs(texts, chosen, caplog):
    recipe = get_recipe(DEFAULT_RECIPE)
    assert choose_words(recipe, texts).words == chosen
    kept = change_settings(recipe, {"words": "word_characters"})
    assert choose_words(kept, texts).words == "word_characters"
    assert (f"--set tokenizer.words={chosen}" in caplog.text) == (chosen != "punctuated")


def test_of_no_texts_without_labels_nothing_is_said(tmp_path, caplog):
    (tmp_path / "rows.csv").write_text("text,label\na,x\nb,y\n")
    recipe = change_settings(get_recipe(DEFAULT_RECIPE), {"dataset": str(tmp_path / "rows.csv")})
    assert recipe.train.learns_from_unlabeled
    with caplog.at_level("INFO"):
        assert list(load_unlabeled(recipe.train, recipe.data, {})) == []
    assert "unlabeled" not in caplog.text


@pytest.mark.parametrize("name", ["lm-classifier", "lm-virtual", "bilstm"])
def test_a_recipe_made_for_a_language_model_says_that_it_has_none(name, caplog):
    recipe = change_settings(get_recipe(name), {"dataset": "no-such-rows.csv", "hidden_size": 2, "embedding_dim": 2})
    with pytest.raises(InputError, match="no-such-rows"):
        prepare_run(recipe, torch.device("cpu"))
    said = f"{name} is made to fine-tune a language model, and starts from random numbers without --init-from FOLDER"
    assert (said in caplog.text) == (name != "bilstm")
