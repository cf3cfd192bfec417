"""Says in plain sentences what a model learned from beside the labeled rows, and who taught it."""

from collections.abc import Sequence

from hf_lstm.config import Recipe
from hf_lstm.config.train import AUTO, NGRAMS
from hf_lstm.markdown import format_code
from hf_lstm.records.places import IMDB
from hf_lstm.records.results import RunResults

_IMDB_UNLABELED = (AUTO, "unsupervised", "unsupervised-00000-of-00001.parquet")
"""What means the 50,000 reviews without labels of IMDB: the split, or its file."""


def describe_unlabeled(recipe: Recipe, source: str | None) -> str | None:
    """Say which texts without labels a run on the data `source` learned from; None if from none."""
    if not recipe.train.learns_from_unlabeled:
        return None
    name = recipe.train.unlabeled
    if source == IMDB and name in _IMDB_UNLABELED:
        texts = "the data set's 50,000 reviews without labels"
    elif name == AUTO:
        return "If the data have a split `unsupervised` or `unlabeled`, it learned from its texts, too, without labels."
    else:
        texts = f"texts without labels, `{format_code(name)}`"
    return f"It also learned from {texts}; those that repeat another text were left out."


def describe_teaching(recipe: Recipe, *, is_english_reviews: bool) -> list[str]:
    """Say who taught a model, and what beside whole texts.

    Args:
        recipe: of the run.
        is_english_reviews: whether the data are known to be reviews that `train.edited_share` edits.

    Returns:
        Sentences; none of a model that learned from labels alone.
    """
    train = recipe.train
    names = [_name_teacher(name) for name in train.teacher_names]
    if not names:
        return []
    who, whose = ("teacher is", "its word") if len(names) == 1 else ("teachers are", "their mean")
    if train.teacher_votes and len(names) > 1:
        whose += f", in which they count {_join(train.teacher_votes.split(','))}"
    sentences = [
        f"Its {who} {_join(names)}.",
        f"It learned how likely each label is by {whose}."
        if train.teacher_weight == 1
        else f"Where a text has a label, {100 * train.teacher_weight:g} % of what it learned is {whose}, and the rest "
        "is the label.",
    ]
    if train.crops_per_text:
        parts = "1 random part" if train.crops_per_text == 1 else f"{train.crops_per_text} random parts"
        sentences.append(f"Of each labeled text they also labeled {parts} of one to three sentences.")
    if train.thinned_per_text:
        copies = "1 copy" if train.thinned_per_text == 1 else f"{train.thinned_per_text} copies"
        sentences.append(f"They also labeled {copies} of each text with half of its sentences, drawn at random.")
    if train.edited_share:
        unless = "" if is_english_reviews else " (if they are English reviews of two labels; others are not edited)"
        sentences.append(
            f"{100 * train.edited_share:g} % of the texts that it learned from are edited by rule, so that a few words "
            f"turn what they say{unless}."
        )
    return sentences


def describe_time(recipe: Recipe | None, results: RunResults) -> tuple[str, str]:
    """Say what the time of a run is of, and what earlier trainings it leaves out, if any."""
    has_base = results.init_from is not None
    left_out = ["what it started from"] if has_base else []
    if recipe is not None and any(name != NGRAMS for name in recipe.train.teacher_names):
        left_out.append("its teachers")
    what = "its last step, training and measuring, took" if has_base else "training and measuring took"
    return what, f", after the training of {_join(left_out)}" if left_out else ""


def _name_teacher(name: str) -> str:
    if name == NGRAMS:
        return "a linear model of n-grams that the run itself trained"
    return f"the model `{format_code(name)}`"


def _join(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
