"""Runs of a second, on rows of three labels that words of their own tell."""

import dataclasses

from hf_lstm.config.overrides import override_recipe
from hf_lstm.config.recipes.ours import POOLED_BILSTM
from hf_lstm.training.options import RunOptions

SMALL = ["train.num_epochs=3", "train.batch_size=8", "model.hidden_size=8", "model.embedding_dim=8"]
MOODS = {"glad": "lovely fine great", "sad": "dull bad poor", "so-so": "fair plain usual"}


def write_reviews(path):
    """Write a CSV of 120 different rows with three labels, each told by words of its own."""
    rows = [
        f'"film number {i}, {words.split()[i % 3]}, {words.split()[(i + 1) % 3]}",{label}'
        for i in range(40)
        for label, words in MOODS.items()
    ]
    path.write_text("\n".join(["review,mood", *rows]))
    return path


def make_recipe(reviews):
    changes = [*SMALL, f"data.dataset={reviews}", "train.num_epochs=12", "train.learning_rate=0.02"]
    recipe = override_recipe(POOLED_BILSTM, changes)
    return dataclasses.replace(recipe, data=recipe.data.with_columns(None, "mood"), given=())


def options(tmp_path, **changes):
    return RunOptions(**{"output_dir": tmp_path / "run", "show_progress": False, "device": "cpu", **changes})
