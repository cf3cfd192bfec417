"""Gathers the texts that a language model may read, and those that measure it."""

import logging
from dataclasses import dataclass

import numpy as np

from hf_lstm.config import DataConfig
from hf_lstm.config.train import AUTO
from hf_lstm.data.loading import load_splits
from hf_lstm.errors import InputError
from hf_lstm.files.names import expand_home
from hf_lstm.rows.texts import read_texts
from hf_lstm.sources.unlabeled import read_unlabeled

logger = logging.getLogger(__name__)

SETTING = "pretrain.unlabeled"
VALIDATION_FRACTION = 0.01
"""Share of the texts that measures the model, where there is no data set with a validation split."""


@dataclass(frozen=True)
class PretrainingTexts:
    """Holds texts, no two of them alike."""

    train: list[str]
    validation: list[str]
    num_left_out: dict[str, int]
    """Texts that were not taken: `repeated` ones, and those that stand in `held_out` splits."""


def gather_texts(data: DataConfig, unlabeled: str | None, *, seed: int, has_dataset: bool = True) -> PretrainingTexts:
    """Gather the texts of a language model.

    It reads those of train and the unlabeled ones, none of which stands in validation or test. Those of validation
    measure it. Without a data set, a hundredth of the file's texts does.

    Args:
        data: a data set with labels, which are not looked at. Its columns and encoding go for the unlabeled texts, too.
        unlabeled: a file of texts, of any type that `read_texts` knows, or a split of the data set; `auto` takes one
            called `unsupervised` or `unlabeled`, if there is one; None for none.
        seed: chooses what measures the model, without a data set.
        has_dataset: whether the texts of the data set are read.

    Raises:
        InputError: there is neither, one is unusable, or no text is left.
    """
    if not has_dataset and (unlabeled is None or unlabeled == AUTO):
        raise InputError("a language model needs texts: give a data set, a file of unlabeled texts, or both")
    if not has_dataset:
        assert unlabeled is not None
        train = list(read_texts(expand_home(unlabeled), data.text_column, data.encoding))
        distinct = list(dict.fromkeys(filter(str.strip, train)))
        if len(distinct) < 2:
            raise InputError(
                f"{unlabeled}: has {len(distinct)} texts that are not blank and differ; expected at least 2, one to "
                "learn from and one to measure"
            )
        order = np.random.default_rng(seed).permutation(len(distinct))
        held_out = {distinct[row] for row in order[: max(1, round(VALIDATION_FRACTION * len(distinct)))]}
        validation = [text for text in distinct if text in held_out]
    else:
        splits = load_splits(data)
        validation = list(dict.fromkeys(splits["validation"]["text"][:]))
        held_out = {*validation, *splits["test"]["text"][:]}
        more = [] if unlabeled is None else read_unlabeled(unlabeled, data, left_out=(), setting=SETTING)
        train = [*splits["train"]["text"][:], *more]
    allowed = [text for text in train if text.strip() and text not in held_out]
    distinct_allowed = list(dict.fromkeys(allowed))
    if not distinct_allowed:
        raise InputError(f"no text is left to read: all {len(train)} are empty, or stand in validation or test")
    left_out = {
        "repeated": len(allowed) - len(distinct_allowed),
        "held_out": sum(text in held_out for text in train),
    }
    logger.info(
        "texts: %s to read, %s to measure; left out: %s repeated, %s held out",
        *(f"{count:,}" for count in (len(distinct_allowed), len(validation), *left_out.values())),
    )
    return PretrainingTexts(distinct_allowed, validation, left_out)
