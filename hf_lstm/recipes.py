"""The published LSTM systems as complete recipes; a variant is a delta of a few lines."""

from collections.abc import Mapping

from hf_lstm.config import DataConfig, ModelConfig, Recipe, TokenizerConfig, TrainConfig
from hf_lstm.errors import InputError
from hf_lstm.overrides import nearest_names

STOPWORD_LSTM = Recipe(
    name="stopword-lstm",
    description="course notebook: 75,275 parameters, stop words as <unk>, embedding 1, hidden 100",
    source="course notebook on IMDB sentiment with a stop-word vocabulary",
    published={"test_accuracy": 86.9, "loss": 0.333, "vocab_size": 33_873, "num_parameters": 75_275},
    data=DataConfig(split="pooled", train_fraction=0.7, validation_fraction=0.1, split_seed=12),
    tokenizer=TokenizerConfig(
        words="word_characters", lowercase=True, stop_words="unknown", min_count=5, order="alphabetical"
    ),
    model=ModelConfig(
        embedding_dim=1, hidden_size=100, max_length_tokens=256, initialization="xavier_orthogonal", single_logit=False
    ),
    train=TrainConfig(
        num_epochs=5, batch_size=96, learning_rate=1e-3, adam_epsilon=1e-6, warmup_steps=200, max_grad_norm=None
    ),
)

# Lower-case, since the published GloVe coverage (63.25 % of the vocabulary) is out of reach otherwise: of the 25,000
# most frequent whitespace words of train, GloVe knows 46 % as they stand and 62 % in lower case.
PACKED_LSTM = Recipe(
    name="packed-lstm",
    description="project page: 2.87 M parameters, packed sequences, embedding 100, hidden 256",
    source="project page of a PyTorch LSTM on IMDB with packed sequences",
    published={"test_accuracy": 81.91, "validation_accuracy": 83.08, "num_parameters": 2_867_049},
    data=DataConfig(split="official", validation_fraction=0.2),
    tokenizer=TokenizerConfig(words="whitespace", lowercase=True, max_words=25_000, order="frequency"),
    model=ModelConfig(
        embedding_dim=100,
        hidden_size=256,
        max_length_tokens=256,
        single_logit=True,
        initialization="open_forget_gate",  # ours, not published
    ),
    train=TrainConfig(num_epochs=15, batch_size=64, learning_rate=1e-3, patience=3, best_by="accuracy"),
)

# Ours, and the default: it learns from a few thousand rows already, which a last state alone does not.
POOLED_BILSTM = Recipe(
    name="pooled-bilstm",
    description="ours: both directions, mean and max over all states; good from a few thousand rows on",
    source="this package",
    tokenizer=TokenizerConfig(words="word_characters", min_count=2, max_words=25_000),
    model=ModelConfig(
        embedding_dim=100, hidden_size=128, bidirectional=True, pooling="mean_max", dropout=0.4, max_length_tokens=400
    ),
    data=DataConfig(validation_fraction=0.1),
    train=TrainConfig(num_epochs=8, batch_size=32, learning_rate=2e-3, patience=2, best_by="loss"),
)

RECIPES: Mapping[str, Recipe] = {recipe.name: recipe for recipe in (POOLED_BILSTM, STOPWORD_LSTM, PACKED_LSTM)}
DEFAULT_RECIPE = POOLED_BILSTM.name


def get_recipe(name: str) -> Recipe:
    """Return the recipe called `name`.

    Raises:
        InputError: there is none; the nearest names are given.
    """
    if name not in RECIPES:
        raise InputError(f"there is no recipe {name!r}; {nearest_names(name, RECIPES)}")
    return RECIPES[name]
