import dataclasses
import json
import re
import shlex
import string

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hf_lstm.config import ModelSettings
from hf_lstm.config.overrides import override_recipe
from hf_lstm.config.recipes.catalog import RECIPES, get_recipe
from hf_lstm.encoding.encoder import Encoder
from hf_lstm.errors import InputError
from hf_lstm.nn.initialization import SkipInitialization
from hf_lstm.nn.network import LSTMNetwork
from hf_lstm.shipped import CHECKOUT
from hf_lstm.tokenization.build import train_tokenizer
from hf_lstm.tokenization.stop_words import load_stop_words

# U+1171E is a mark that later editions of Unicode read otherwise, see `word_patterns.py`.
ASSIGNED = st.text(st.characters(exclude_categories=["Cn", "Cs"], exclude_characters="\U0001171e"), max_size=8)

VOCAB_SIZES = {
    "stopword-lstm": 33_873,
    "keras-lstm": 5_001,
    **dict.fromkeys(["bilstm", "bilstm-glove", "bilstm-glove-frozen"], 5_000),
    **dict.fromkeys(["packed-lstm", "packed-lstm-glove", "packed-lstm-glove-frozen"], 25_002),
    **dict.fromkeys(["lstm-15m", "lstm-45m", "lstm-148m"], 30_522),
}


def count_parameters(name):
    config = get_recipe(name).model.resolve(vocab_size=VOCAB_SIZES[name], label_names=["neg", "pos"])
    with torch.device("meta"), SkipInitialization():
        return LSTMNetwork(config).num_parameters


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("stopword-lstm", 75_275),
        *((name, 584_609) for name in VOCAB_SIZES if name.startswith("bilstm")),
        *((name, 2_867_049) for name in VOCAB_SIZES if name.startswith("packed-lstm")),
    ],
)
def test_systems_have_the_published_parameters(name, published):
    assert count_parameters(name) == RECIPES[name].published["num_parameters"] == published


@pytest.mark.parametrize("millions", [15, 45, 148])
def test_large_systems_have_the_published_size_to_two_percent(millions):
    num_parameters = count_parameters(f"lstm-{millions}m")
    assert num_parameters == pytest.approx(millions * 1e6, rel=0.02)
    assert RECIPES[f"lstm-{millions}m"].published["num_parameters"] == millions * 1_000_000


def say_in_python(name, text):
    """The words of a system as one line of plain Python."""
    lines = {
        "stopword-lstm": lambda: re.findall(r"\b\w+\b", text.lower()),
        "keras-lstm": lambda: re.sub(r"[\W\d]", " ", text.lower()).split(),
        "bilstm": lambda: text.lower().translate(str.maketrans("", "", string.punctuation)).split(),
        "packed-lstm": lambda: text.lower().split(),
    }
    return lines[name]()


CORPUS = [
    "The plot isn't great: 2 of 10!<br /><br />GREAT acting, though; see it 100 times. ΟΔΟΣ naïve ½ x² a_b 中文",
    "A great, great film of the year -- don't miss the film's end...",
]
STOP_WORDS = load_stop_words()


@pytest.mark.parametrize("name", ["stopword-lstm", "keras-lstm", "bilstm", "packed-lstm"])
def test_ids_are_those_of_one_line_of_python(name):
    recipe = dataclasses.replace(get_recipe(name).tokenizer, min_count=1, max_words=16)
    tokenizer = train_tokenizer(CORPUS, recipe)
    vocab = tokenizer.get_vocab()
    config = ModelSettings(max_length_tokens=999).resolve(vocab_size=len(vocab), label_names=("neg", "pos"))
    encoder = Encoder(tokenizer, config)
    assert len(vocab) == 18

    @given(st.lists(st.sampled_from(" ".join(CORPUS).split()) | ASSIGNED).map(" ".join))
    def check(text):
        words = say_in_python(name, text)
        if name == "keras-lstm":
            expected = [vocab[word] for word in words if word in vocab and word not in STOP_WORDS]
        else:
            expected = [vocab.get(word, 1) for word in words]
        assert tokenizer.encode(text).ids == expected
        assert encoder.encode([text]).input_ids.tolist() == (expected or [1])

    check()


def test_every_published_system_is_there():
    assert set(VOCAB_SIZES) <= set(RECIPES)


def test_published_vocabularies_are_what_the_recipes_ask_for():
    for name, num_special in (("keras-lstm", 2), ("bilstm", 2), ("packed-lstm", 2)):
        assert RECIPES[name].tokenizer.max_words == VOCAB_SIZES[name] - num_special


def test_the_published_confusion_matrix_makes_the_published_accuracy():
    published = RECIPES["packed-lstm-glove"].published
    right = published["true_negatives"] + published["true_positives"]
    num_rows = right + published["false_negatives"] + published["false_positives"]
    assert num_rows == 25_000
    assert round(100 * right / num_rows, 2) == published["test_accuracy"]
    assert round(100 * published["vectors_found"] / published["vocab_size"], 2) == published["vector_coverage"]


def test_recipes_are_json_and_state_their_source():
    for name, recipe in RECIPES.items():
        assert recipe.name == name
        assert recipe.source
        assert recipe.description
        assert json.loads(json.dumps(recipe.to_json()))["train"]["seed"] == 0


def test_the_virtual_recipe_has_the_settings_that_were_measured():
    results = json.loads((CHECKOUT / "results" / "lm-virtual-seed2.json").read_text())
    words = [word for word in shlex.split(results["command"]) if word.startswith("train.") and "seed" not in word]
    measured = override_recipe(get_recipe("lm-classifier"), ["train.unlabeled=auto", *words])
    recipe = get_recipe("lm-virtual")
    assert len(words) == 9
    assert recipe.train == measured.train
    assert (recipe.data, recipe.tokenizer, recipe.model) == (measured.data, measured.tokenizer, measured.model)


def test_it_takes_texts_without_labels_as_it_is_and_the_refusal_of_others_names_it():
    assert override_recipe(get_recipe("lm-virtual"), ["train.unlabeled=more.csv"]).train.learns_from_unlabeled
    with pytest.raises(InputError, match="lm-virtual"):
        override_recipe(get_recipe("lm-classifier"), ["train.unlabeled=more.csv"])
