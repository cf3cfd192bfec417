"""Cuts rows off a data set at random: by class, from the tail of a permutation, or whole groups.

The same seed gives the same cut. No text is on both sides.
"""

from collections import Counter

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from hf_lstm.sources.label_feature import list_strata

GROUP = "group"
"""A third column of train, if its rows are grouped: which group each is of, as a string."""


def cut_texts(dataset: Dataset, fraction: float, seed: int, *, num_others: int) -> tuple[Dataset, Dataset]:
    """Cut a random share of each class's distinct texts from a data set; of any number of labels, see `list_strata`.

    A class gives at least one text, if it has one for each other split: for train, and for `num_others` more. If no
    class has, the largest one gives a text. A text that is repeated counts once, and takes all its rows along. No class
    is left without a text.

    Returns:
        The other rows and those that were cut. No text is in both.
    """
    texts, labels = dataset["text"][:], list_strata(dataset)
    order = np.random.RandomState(seed).permutation(len(dataset))
    texts_of_label: dict[int, dict[str, None]] = {}  # dicts for their order
    seen: set[str] = set()
    for row in order:
        if texts[row] not in seen:
            seen.add(texts[row])
            texts_of_label.setdefault(int(labels[row]), {})[texts[row]] = None
    cut_texts: set[str] = set()
    for of_label in texts_of_label.values():
        num_cut = max(round(fraction * len(of_label)), int(len(of_label) >= 2 + num_others))
        cut_texts.update(list(of_label)[len(of_label) - min(num_cut, len(of_label) - 1) :])
    if not cut_texts and len(seen) >= 2 + num_others:
        largest = max(map(list, texts_of_label.values()), key=len)
        cut_texts.update(largest[1:][-1:])
    is_cut = np.array([texts[row] in cut_texts for row in order], dtype=bool)
    is_cut &= np.isin(labels[order], labels[order[~is_cut]])
    return dataset.select(order[~is_cut]), dataset.select(order[is_cut])


def cut_validation(dataset: Dataset, fraction: float, seed: int) -> tuple[Dataset, Dataset]:
    """Cut validation from a data set; return train and validation.

    They are the head and the tail of a permutation. Rows of the tail whose text is in train, or whose class train would
    lack, go to train. If that leaves less than half of the rows, as of texts that are often repeated, or no row of a
    class that has two texts, `cut_texts` cuts instead.
    """
    texts, labels = dataset["text"][:], list_strata(dataset)
    order: NDArray[np.int64] = np.random.RandomState(seed).permutation(len(dataset))
    num_cut = round(fraction * len(order))
    train_rows, validation_rows = np.split(order, [len(order) - num_cut])
    train_texts = {texts[row] for row in train_rows}
    goes_to_train = np.array([texts[row] in train_texts for row in validation_rows], dtype=bool)
    goes_to_train |= ~np.isin(labels[validation_rows], labels[train_rows])
    train_rows = np.concatenate([train_rows, validation_rows[goes_to_train]])
    validation_rows = validation_rows[~goes_to_train]
    num_texts = Counter(label for _, label in set(zip(texts, labels.tolist(), strict=True)))
    can_give = {label for label, count in num_texts.items() if count > 1}
    if 2 * len(validation_rows) < max(num_cut, 1) or not can_give <= set(labels[validation_rows].tolist()):
        return cut_texts(dataset, fraction, seed, num_others=0)
    return dataset.select(train_rows), dataset.select(validation_rows)


def cut_groups(dataset: Dataset, fraction: float, seed: int) -> tuple[Dataset, Dataset]:
    """Cut validation from a data set with a column `group`; return train and validation.

    Validation takes whole groups in random order as long as they fit into `fraction` of the rows. Rows whose text is in
    train, or whose class train would lack, are left out.
    """
    groups, group_of_row = np.unique(dataset[GROUP][:], return_inverse=True)
    sizes = np.bincount(group_of_row)
    order = np.random.RandomState(seed).permutation(len(groups))
    is_taken = np.zeros(len(groups), dtype=bool)
    is_taken[order[sizes[order].cumsum() <= round(fraction * len(dataset))]] = True
    is_validation = is_taken[group_of_row]
    texts, labels = dataset["text"][:], list_strata(dataset)
    train_texts = {text for text, is_out in zip(texts, is_validation, strict=True) if not is_out}
    is_repeated = np.array([text in train_texts for text in texts], dtype=bool)
    is_foreign = ~np.isin(labels, labels[~is_validation])
    return dataset.select(np.flatnonzero(~is_validation)), dataset.select(
        np.flatnonzero(is_validation & ~is_repeated & ~is_foreign)
    )
