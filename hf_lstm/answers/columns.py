"""Names the columns of answers, and computes what they hold.

PyTorch is imported where answers are computed: processes that only pass them on do without it.
"""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from hf_lstm.config import ModelConfig
from hf_lstm.rows.columns import LABEL_SEPARATOR

if TYPE_CHECKING:
    import torch

DIGITS = 6
"""Of a probability that is written."""


class Answers(NamedTuple):
    """Holds the columns of answers to a window of texts."""

    names: list[str]
    columns: list[list[Any]]
    """One for each name, with a value for each text: the label's name, else a probability."""


def name_answer_columns(existing: Iterable[str], config: ModelConfig, *, with_scores: bool) -> list[str]:
    """Name the columns of answers: `label`, `score` and, if asked for, `score_LABEL` for each label.

    Where a text may have any number of labels, there is no `score`.

    One whose name a column has already, upper and lower case alike, is called `predicted_label`, `predicted_score` and
    so on; where this is taken, too, `predicted_label_2`.
    """
    taken = {name.strip().casefold() for name in existing}
    names = []
    always = ["label"] if config.is_multi_label else ["label", "score"]
    for wanted in [*always, *(f"score_{label}" for label in config.label_names if with_scores)]:
        name, number = wanted, 1
        while name.strip().casefold() in taken:
            name = f"predicted_{wanted}" if number == 1 else f"predicted_{wanted}_{number}"
            number += 1
        taken.add(name.strip().casefold())
        names.append(name)
    return names


def build_answers(names: list[str], probabilities: "torch.Tensor", config: ModelConfig) -> Answers:
    """Build the columns of answers from probabilities (num_texts, num_labels).

    Several labels of a text stand in one cell with `|` between them, as they are read for training.

    Args:
        names: what `name_answer_columns` gave, with or without the score of each label.
        probabilities: (num_texts, num_labels).
        config: of the model.
    """
    from hf_lstm.model.labels import name_labels

    answers = name_labels(probabilities, config)
    columns: list[list[Any]]
    if config.is_multi_label:
        columns = [[join_labels(answer) for answer in answers]]
    else:
        columns = [
            [answer["label"] for answer in answers],
            [round(answer["score"], DIGITS) for answer in answers],
        ]
    if len(names) > len(columns):
        columns += [[round(score, DIGITS) for score in scores] for scores in probabilities.T.tolist()]
    return Answers(names, columns)


def join_labels(answer: Iterable[Mapping[str, Any]]) -> str:
    """Write the labels of a text into one cell: with `|` between, or as a list of JSON if one's name has a `|`."""
    names = [each["label"] for each in answer]
    is_clear = not any(LABEL_SEPARATOR in name for name in names)
    return LABEL_SEPARATOR.join(names) if is_clear else json.dumps(names, ensure_ascii=False)
