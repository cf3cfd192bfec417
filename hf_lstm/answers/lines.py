"""Words answers as lines that are printed for people."""

from collections.abc import Iterator, Sequence

import torch

from hf_lstm.answers.columns import DIGITS
from hf_lstm.config import ModelConfig
from hf_lstm.model.labels import name_labels, rank_labels
from hf_lstm.rows.columns import LABEL_SEPARATOR

SHOWN_CHARACTERS = 80


def format_rows(
    texts: Sequence[str], probabilities: torch.Tensor, config: ModelConfig, *, with_scores: bool
) -> Iterator[str]:
    """Format a line for each text: label, score and the start of the text, separated by tabs.

    With `with_scores`, all labels and their scores. Any number of labels stand in one field, and their scores in the
    next, with `|` between.

    Args:
        texts: what was answered.
        probabilities: (num_texts, num_labels).
        config: of the model.
        with_scores: show each label that there is.
    """
    for text, shown in zip(texts, list_shown(probabilities, config, with_scores=with_scores), strict=True):
        fields = [f"{label}\t{score:.4f}" for label, score in shown]
        if config.is_multi_label and not with_scores:
            columns = ([label for label, _ in shown], [f"{score:.4f}" for _, score in shown])
            fields = [LABEL_SEPARATOR.join(column) for column in columns]
        yield "\t".join([*fields, show_start(text)])


def format_answer(probabilities: torch.Tensor, config: ModelConfig, *, with_scores: bool) -> str:
    """Format the answer to a single text, from probabilities (1, num_labels): a line for each label."""
    (shown,) = list_shown(probabilities, config, with_scores=with_scores)
    lines = [f"{label} {score:.4f}" for label, score in shown]
    return "\n".join(lines) or "none of the labels; --scores shows how likely each is"


def list_shown(
    probabilities: torch.Tensor, config: ModelConfig, *, with_scores: bool
) -> Iterator[list[tuple[str, float]]]:
    """Yield each of a text's labels with its score, the most probable first.

    With `with_scores` it is each label that there is. A name stands on one line, whatever is in it.
    """
    shown = {name: show_safely(name) for name in config.label_names}
    ranked = rank_labels(probabilities, config.label_names, None) if with_scores else name_labels(probabilities, config)
    for answer in ranked:
        named = answer if isinstance(answer, list) else [answer]
        yield [(shown[each["label"]], round(each["score"], DIGITS)) for each in named]


def show_start(text: str) -> str:
    """Return the start of a text on one line, as `show_safely`."""
    line = " ".join(text[: 4 * SHOWN_CHARACTERS].split())
    return show_safely(line if len(line) <= SHOWN_CHARACTERS else f"{line[: SHOWN_CHARACTERS - 1]}…")


def show_safely(text: str) -> str:
    """Return a text on one line, without control characters: they could end a field, or take over a terminal."""
    if text.isprintable():  # as nearly always: to look at each character takes as long as to score the text
        return text
    line = " ".join(text.split())
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line)
