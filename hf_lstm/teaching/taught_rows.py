"""Builds the rows that a network learns from, if it has teachers."""

import logging
from collections.abc import Sequence

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from tokenizers import Tokenizer

from hf_lstm.config import ModelConfig, TrainConfig
from hf_lstm.data.cutting import GROUP
from hf_lstm.data.encoded import LabeledTexts
from hf_lstm.encoding.encoder import EncodedTexts, Encoder
from hf_lstm.nn.problem import get_problem
from hf_lstm.teaching.cross_fitting import Lesson
from hf_lstm.teaching.editing.crops import draw_crops, thin_texts
from hf_lstm.teaching.editing.edited_texts import ReviewedTexts, edit_texts
from hf_lstm.teaching.kept_answers import KeptAnswers
from hf_lstm.teaching.teachers import label_softly

logger = logging.getLogger(__name__)


def build_taught_rows(
    train: Dataset,
    encoded: LabeledTexts,
    unlabeled: Sequence[str],
    tokenizer: Tokenizer,
    config: ModelConfig,
    train_config: TrainConfig,
    *,
    praise: int | None = None,
    device: str | torch.device = "cpu",
    kept: KeptAnswers | None = None,
) -> LabeledTexts:
    """Have the teachers of a run label its rows of train, unlabeled texts, and parts of both.

    Args:
        train: the labeled rows, with the columns `text` and `label`, and `group` if they are grouped.
        encoded: the same rows.
        unlabeled: texts without labels.
        tokenizer: of the model.
        config: of the model.
        train_config: the teachers, and what their word counts.
        praise: the label that is praise; None if the rows are no English reviews: see `find_praise`.
        device: where models label.
        kept: has what teachers have said of these texts before, and keeps what they say.

    Returns:
        The labeled rows, then the unlabeled ones, the crops, the thinned and the edited texts, with what to learn as
        `targets`.

    Raises:
        InputError: a teacher can't be loaded, or has other labels.
        StorageError: the disk is full or fails.
    """
    texts: list[str] = train["text"][:]
    crops, origins = draw_crops(texts, train_config.crops_per_text, seed=train_config.seed)
    thinned, thinned_origins = thin_texts([*texts, *unlabeled], train_config.thinned_per_text, seed=train_config.seed)
    more_texts = [*unlabeled, *crops, *thinned]
    lesson = Lesson(
        texts=texts,
        labels=encoded.labels,
        groups=_number_groups(train[GROUP][:] if GROUP in train.column_names else texts),
        more_texts=more_texts,
        origins=np.concatenate([np.full(len(unlabeled), -1, dtype=np.int64), origins, thinned_origins]),
        problem=get_problem(config),
    )
    logger.info("teachers: %s; %s rows", train_config.teachers, f"{len(texts) + len(more_texts):,}")
    votes = train_config.shares_of_teachers
    answers = label_softly(train_config.teacher_names, lesson, votes, device=device, kept=kept)
    if train_config.edited_share:
        places = slice(len(unlabeled), len(unlabeled) + len(crops))
        edited, edited_answers = edit_lesson(
            lesson, places, answers, train_config.edited_share, praise=praise, seed=train_config.seed
        )
        logger.info("edited: %s texts more", f"{len(edited):,}")
        more_texts += edited
        answers = np.concatenate([answers, edited_answers])
    answered = lesson.problem.decide_softly(answers[len(texts) :])
    truth = lesson.problem.soften(encoded.labels)
    weight = train_config.teacher_weight
    targets = np.concatenate([weight * answers[: len(texts)] + (1 - weight) * truth, answers[len(texts) :]])
    return LabeledTexts(
        join_texts(encoded.texts, Encoder(tokenizer, config).encode(more_texts)),
        np.concatenate([encoded.labels, answered]),
        targets.astype(np.float32),
    )


def edit_lesson(
    lesson: Lesson, crops: slice, answers: NDArray[np.float32], edited_share: float, *, praise: int | None, seed: int
) -> tuple[list[str], NDArray[np.float32]]:
    """Edit texts and crops of a lesson, as `edited_share` of all rows, and label the edits.

    Args:
        lesson: what the teachers labeled.
        crops: the places of the crops of labeled texts in `lesson.more_texts`.
        answers: (num_texts + num_more_texts, num_labels), what teachers say.
        edited_share: below 1.
        praise: the label that is praise.
        seed: of what is drawn.

    Returns:
        The edited texts, and (num_edited, 2) how likely each label is; none if no label is praise.
    """
    if praise is None:
        logger.warning("train.edited_share: no texts are edited, since these are no English reviews of two labels")
        return [], answers[:0]
    num_texts = len(lesson.texts)
    is_praise = lesson.labels == praise
    whole = ReviewedTexts(lesson.texts, answers[:num_texts, praise], is_praise)
    parts = ReviewedTexts(
        lesson.more_texts[crops], answers[num_texts:, praise][crops], is_praise[lesson.origins[crops]]
    )
    edited, praises = edit_texts(whole, parts, round(len(answers) * edited_share / (1 - edited_share)), seed=seed)
    return edited, np.stack([praises, 1 - praises] if praise == 0 else [1 - praises, praises], axis=1)


def join_texts(first: EncodedTexts, second: EncodedTexts) -> EncodedTexts:
    """Put the rows of one after those of the other."""
    return EncodedTexts(
        input_ids=np.concatenate([first.input_ids, second.input_ids]),
        offsets=np.concatenate([first.offsets, second.offsets[1:] + first.offsets[-1]]),
    )


def _number_groups(names: Sequence[str]) -> NDArray[np.int64]:
    """Number groups by their names; rows with the same text are of one group where nothing else is known."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)
