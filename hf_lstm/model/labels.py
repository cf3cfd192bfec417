"""Names the labels of answers, from their probabilities."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from hf_lstm.config import ModelConfig
from hf_lstm.errors import InputError
from hf_lstm.nn.problem import MultiLabel, get_problem


def check_top_k(top_k: object) -> None:
    """Check that `top_k` is a number of labels, or None.

    Raises:
        InputError: it is not.
    """
    is_number = isinstance(top_k, (int, np.integer)) and not isinstance(top_k, bool)
    if top_k is not None and not (is_number and top_k >= 1):  # type: ignore[operator]
        raise InputError(f"top_k is {top_k!r}, but must be a whole number of at least 1, or None for all labels")


def name_labels(probabilities: torch.Tensor, config: ModelConfig) -> list[Any]:
    """Name the answer to each row: its most probable label, or those of any number that it has.

    Args:
        probabilities: (num_texts, num_labels).
        config: of the model.

    Returns:
        `{"label", "score"}` for each row. Where a text may have any number of labels, a list of these for each row: the
        labels whose probability reaches their threshold, the most probable first; it may be empty.
    """
    problem = get_problem(config)
    if not isinstance(problem, MultiLabel):
        scores, labels = probabilities.max(dim=1)  # of equals, the first one
        names = config.label_names
        return [
            {"label": names[label], "score": score}
            for label, score in zip(labels.tolist(), scores.tolist(), strict=True)
        ]
    ranked = rank_labels(probabilities.masked_fill(problem.select(probabilities) == 0, -1), config.label_names, None)
    return [[answer for answer in of_row if answer["score"] >= 0] for of_row in ranked]


def rank_labels(
    probabilities: torch.Tensor, label_names: Sequence[str], top_k: int | None
) -> list[list[dict[str, Any]]]:
    """Name the labels of each row, the most probable first; of equals, the first one.

    Args:
        probabilities: (num_texts, num_labels).
        label_names: in the order of the columns.
        top_k: how many labels; None for all.

    Returns:
        A list of `{"label", "score"}` for each row.
    """
    scores, labels = probabilities.sort(dim=1, descending=True, stable=True)
    return [
        [{"label": label_names[label], "score": score} for label, score in zip(*row, strict=True)]
        for row in zip(labels[:, :top_k].tolist(), scores[:, :top_k].tolist(), strict=True)
    ]
