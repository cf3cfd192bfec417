"""Analyzes where a model errs.

It finds the most confident mistakes and the words behind them. It measures accuracy by the length of texts, and without
texts that earlier splits have, too.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from hf_lstm.encoding.scripts import MAX_UNKNOWN, measure_unknown
from hf_lstm.evaluation.metrics import compute_wilson_interval
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.records.report import LengthGroup, Mistake, MistakenLabels, TrickyReview, UnseenFigures, WordContribution
from hf_lstm.rows.labels import LabelMap

MAX_KINDS = 10
"""Kinds of mistakes that are shown: a true label that was taken for another, or one given wrongly."""
MAX_ROWS_PER_KIND = 10
NUM_LENGTH_GROUPS = 8
NUM_DRIVING_WORDS = 5
TRICKY_REVIEWS = (
    "I didn't hate it, but I wouldn't watch it again.",
    "I laughed a few times, but the rest of the film was just awkward and badly paced.",
)
"""Both are negative, but single words mislead. They are a test of the repository behind `lstm-15m`."""


@dataclass(frozen=True)
class MistakenPair:
    """Holds the rows of one label that were taken for another."""

    label_id: int
    predicted_id: int
    rows: NDArray[np.int64]
    """Those with the most confident answers first."""


def group_mistakes(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> list[MistakenPair]:
    """Group the mistakes by true and predicted label, the largest groups first.

    Args:
        probabilities: (num_rows, num_labels)
        labels: (num_rows,), the true class ids.
    """
    predicted = probabilities.argmax(axis=1)
    rows = np.flatnonzero(predicted != labels)
    rows = rows[np.argsort(-probabilities[rows].max(axis=1), kind="stable")]
    pairs = np.stack([labels[rows], predicted[rows]], axis=1)
    distinct, pair_of_row = np.unique(pairs, axis=0, return_inverse=True)
    pair_of_row = pair_of_row.reshape(-1)
    grouped = [
        MistakenPair(int(label), int(other), rows[pair_of_row == i]) for i, (label, other) in enumerate(distinct)
    ]
    return sorted(grouped, key=lambda pair: -len(pair.rows))


def describe_mistakes(
    model: LSTMSentiment, logits: torch.Tensor, labels: NDArray[np.int64], texts: Sequence[str]
) -> Iterator[MistakenLabels]:
    """Describe the most frequent kinds of mistakes, each with its most confident rows and the words behind them.

    Args:
        model: whose logits they are.
        logits: (num_rows, num_labels)
        labels: of these rows, as `LabeledTexts` has them.
        texts: of these rows.
    """
    describe = _describe_wrong_decisions if model.config.is_multi_label else _describe_mistaken_pairs
    return describe(model, logits, labels, texts)


def _describe_mistaken_pairs(
    model: LSTMSentiment, logits: torch.Tensor, labels: NDArray[np.int64], texts: Sequence[str]
) -> Iterator[MistakenLabels]:
    """Describe which label was taken for which."""
    names = model.config.label_names
    probabilities = model.problem.calibrate(logits).numpy()
    for pair in group_mistakes(probabilities, labels)[:MAX_KINDS]:
        label, predicted = names[pair.label_id], names[pair.predicted_id]
        most_confident = [
            Mistake(
                row=row,
                label=label,
                predicted=predicted,
                score=round(float(probabilities[row, pair.predicted_id]), 6),
                words=find_driving_words(model, texts[row], predicted),
                text=texts[row],
            )
            for row in pair.rows[:MAX_ROWS_PER_KIND].tolist()
        ]
        yield MistakenLabels(label=label, predicted=predicted, num_rows=len(pair.rows), most_confident=most_confident)


def _describe_wrong_decisions(
    model: LSTMSentiment, logits: torch.Tensor, labels: NDArray[np.int64], texts: Sequence[str]
) -> Iterator[MistakenLabels]:
    """Describe the labels that rows were given wrongly, or that they lack."""
    probabilities = model.problem.calibrate(logits).numpy()
    decided = model.problem.decide(logits).numpy()
    kinds = [
        (label_id, given, np.flatnonzero((decided[:, label_id] == given) & (labels[:, label_id] != given)))
        for label_id in range(labels.shape[1])
        for given in (0, 1)
    ]
    for label_id, given, rows in sorted(kinds, key=lambda kind: -len(kind[2]))[:MAX_KINDS]:
        if not len(rows):
            return
        names = (str(model.problem.name_opposite(label_id)), model.config.label_names[label_id])
        scores = probabilities[:, label_id] if given else 1 - probabilities[:, label_id]
        most_confident = [
            Mistake(
                row=row,
                label=names[1 - given],
                predicted=names[given],
                score=round(float(scores[row]), 6),
                words=find_driving_words(model, texts[row], label_id, against=not given),
                text=texts[row],
            )
            for row in rows[np.argsort(-scores[rows], kind="stable")][:MAX_ROWS_PER_KIND].tolist()
        ]
        yield MistakenLabels(
            label=names[1 - given], predicted=names[given], num_rows=len(rows), most_confident=most_confident
        )


def find_driving_words(
    model: LSTMSentiment, text: str, label: str | int, *, against: bool = False
) -> list[WordContribution]:
    """Find the words that speak most for `label`, or `against` it, the strongest first.

    A word that occurs several times is listed once, where it speaks the most.
    """
    strongest: dict[str, WordContribution] = {}
    sign = -1 if against else 1
    for word in sorted(model.explain(text, label=label), key=lambda word: -sign * word["contribution"]):
        if sign * word["contribution"] > 0:
            strongest.setdefault(word["word"].lower(), WordContribution(**word))
    return list(strongest.values())[:NUM_DRIVING_WORDS]


def measure_by_length(texts: Sequence[str], is_right: NDArray[np.bool_]) -> list[LengthGroup]:
    """Measure accuracy by the length of texts.

    There are up to `NUM_LENGTH_GROUPS` groups of about equally many texts, from short to long. Length is the number of
    words between white space in the whole text, even if the model reads only a part. `is_right` is (num_texts,).
    """
    num_words = np.array([len(text.split()) for text in texts])
    edges = np.unique(np.quantile(num_words, np.linspace(0, 1, NUM_LENGTH_GROUPS + 1), method="nearest"))
    starts = edges[:-1] if len(edges) > 1 else edges
    group_of_row = np.searchsorted(starts, num_words, side="right") - 1
    return [
        LengthGroup(
            from_words=int(num_words[in_group].min()),
            to_words=int(num_words[in_group].max()),
            num_rows=int(in_group.sum()),
            accuracy=float(is_right[in_group].mean()),
            accuracy_interval=_compute_interval(is_right[in_group]),
        )
        for index in range(len(starts))
        if (in_group := group_of_row == index).any()
    ]


def measure_unseen(
    texts: Sequence[str], is_right: NDArray[np.bool_], earlier_texts: Mapping[str, AbstractSet[str]]
) -> UnseenFigures:
    """Measure accuracy without the texts that an earlier split has, too.

    Texts are compared word for word.

    Args:
        texts: of the measured split.
        is_right: (num_texts,), whether the model's answer was right.
        earlier_texts: the texts of each earlier split, by its name.
    """
    is_unseen = np.array([all(text not in split for split in earlier_texts.values()) for text in texts], dtype=bool)
    has_rows = bool(is_unseen.any())
    return UnseenFigures(
        seen_in=list(earlier_texts),
        num_rows_seen=int((~is_unseen).sum()),
        num_rows=int(is_unseen.sum()),
        accuracy=float(is_right[is_unseen].mean()) if has_rows else None,
        accuracy_interval=_compute_interval(is_right[is_unseen]) if has_rows else None,
    )


def score_tricky_reviews(model: LSTMSentiment, precision: str) -> list[TrickyReview]:
    """Score the `TRICKY_REVIEWS`.

    The list is empty if the model has other labels than positive and negative, or knows less than half of the words, as
    of another language.
    """
    ids = LabelMap.from_model(model.config.label_names).find_ids(("neg", "pos"))
    if ids is None or measure_unknown(model.encode(TRICKY_REVIEWS), model.config.unk_token_id) > MAX_UNKNOWN:
        return []
    probabilities = model.predict_proba(TRICKY_REVIEWS, precision=precision)[:, ids[1]].tolist()
    return [
        TrickyReview(text=text, label="negative", positive_probability=probability, is_right=probability < 0.5)
        for text, probability in zip(TRICKY_REVIEWS, probabilities, strict=True)
    ]


def _compute_interval(is_right: NDArray[np.bool_]) -> tuple[float, float]:
    return compute_wilson_interval(int(is_right.sum()), len(is_right))
