"""Names the columns of answers, and computes what they hold."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import torch

from hf_lstm.model.prediction import name_labels

DIGITS = 6
"""Of a probability that is written."""


class Answers(NamedTuple):
    """Holds the columns of answers to a window of texts."""

    names: list[str]
    columns: list[list[Any]]
    """One for each name, with a value for each text: the label's name, else a probability."""


def name_answer_columns(existing: Iterable[str], label_names: Sequence[str], *, with_scores: bool) -> list[str]:
    """Name the columns of answers: `label`, `score` and, if asked for, `score_LABEL` for each label.

    One whose name a column has already, upper and lower case alike, is called `predicted_label`, `predicted_score` and
    so on; where this is taken, too, `predicted_label_2`.
    """
    taken = {name.strip().casefold() for name in existing}
    names = []
    for wanted in ["label", "score", *(f"score_{label}" for label in label_names if with_scores)]:
        name, number = wanted, 1
        while name.strip().casefold() in taken:
            name = f"predicted_{wanted}" if number == 1 else f"predicted_{wanted}_{number}"
            number += 1
        taken.add(name.strip().casefold())
        names.append(name)
    return names


def build_answers(names: list[str], probabilities: torch.Tensor, label_names: Sequence[str]) -> Answers:
    """Build the columns of answers from probabilities (num_texts, num_labels).

    `names` is what `name_answer_columns` gave, with or without the score of each label.
    """
    answers = name_labels(probabilities, label_names)
    columns: list[list[Any]] = [
        [answer["label"] for answer in answers],
        [round(answer["score"], DIGITS) for answer in answers],
    ]
    if len(names) > len(columns):
        columns += [[round(score, DIGITS) for score in scores] for scores in probabilities.T.tolist()]
    return Answers(names, columns)
