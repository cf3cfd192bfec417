"""Knows the rows again that a model was trained on, and what its run was told of them."""

import contextlib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations

from hf_lstm.config import DataConfig
from hf_lstm.data.digests import add_hashes, hash_texts
from hf_lstm.data.loading import load_splits
from hf_lstm.errors import InputError
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.records.places import KNOWN_ROWS
from hf_lstm.rows.columns import Columns
from hf_lstm.sources.in_memory import InMemorySplits
from hf_lstm.sources.named_sources import is_here

logger = logging.getLogger(__name__)


def is_same_source(first: str, second: str) -> bool:
    """Return whether two names or paths mean the same data set."""
    return first == second or (os.path.exists(first) and os.path.realpath(first) == os.path.realpath(second))


def inherit_columns(columns: Columns, trained_on: DataConfig) -> Columns:
    """Fill in the columns that a run was told, where none is named.

    What is named takes the place of the run's. Either is logged.
    """
    of_run = Columns(trained_on.text_column, trained_on.label_column)
    for kind, named, told in zip(Columns._fields, columns, of_run, strict=True):
        if told is not None and named is None:
            logger.info("the %s is read from column %r, as for the model's training", kind, told)
        elif told is not None and named != told:
            logger.warning("the %s is read from column %r, not from %r as for the model's training", kind, named, told)
    return Columns(*(named or told for named, told in zip(columns, of_run, strict=True)))


@contextlib.contextmanager
def explain_inherited(columns: Columns, trained_on: DataConfig) -> Iterator[None]:
    """Say of a column that is missing that the model's run was told it.

    `columns` are those that were named here: of a run's own rows they are read beside those that cut the rows.
    """
    try:
        yield
    except InputError as error:
        for named, told in zip(columns, (trained_on.text_column, trained_on.label_column), strict=True):
            if told is None or named == told or f"there is no column {told!r}" not in str(error):
                continue
            why = f"the model was trained with {told!r}"
            if named is not None:
                why = f"these are the rows that {why}, by which they are cut as they were then; so both are needed"
            raise InputError(f"{error}; {why}") from None
        raise


def find_known_splits(texts: Sequence[str], known: Mapping[str, str]) -> frozenset[str]:
    """Find which splits of a run, joined, have exactly these texts; none if no splits do.

    `known` is `texts_sha256` of the run's results.
    """
    found = hash_texts(texts)
    for number in range(len(known), 0, -1):
        for names in combinations(known, number):
            if add_hashes(known[name] for name in names) == found:
                return frozenset(names)
    return frozenset()


def holds_known_rows(config: DataConfig, source: str | InMemorySplits, known: Mapping[str, str]) -> bool:
    """Return whether a source has exactly the texts of a run, all splits together.

    What is on the Hub alone is not looked at, unless the run has cut it anew: its own splits stay what they are.

    Args:
        config: how the run reads and cuts its rows; `dataset` is the name of the source.
        source: a name, or rows in memory.
        known: `texts_sha256` of the run's results.
    """
    if isinstance(source, str) and config.split == "official" and not is_here(source):
        return False
    try:
        splits = load_splits(config, source if isinstance(source, InMemorySplits) else None)
    except InputError:
        return False  # whatever is wrong is said when the rows to measure are read
    return add_hashes(hash_texts(rows["text"][:]) for rows in splits.values()) == add_hashes(known.values())


def is_public_copy(config: DataConfig, model: LSTMSentiment) -> bool:
    """Return whether a source on this machine has the public rows that a model was trained on, and that alone is known.

    This is for runs of version 0.1, whose results have no `texts_sha256`.

    Args:
        config: how the run reads and cuts its rows; `dataset` is the name of the source.
        model: with the results of its run.
    """
    results = model.results
    if results is None or results.dataset.rows_sha256 not in KNOWN_ROWS or not is_here(config.dataset):
        return False
    try:
        return load_splits(config).rows_sha256 == results.dataset.rows_sha256
    except InputError:
        return False


def require_unchanged(source: str, split: str, texts: Sequence[str], known: Mapping[str, str]) -> None:
    """Check that a split has the texts that it had when the model was trained.

    Else the rows that were cut from it have moved from split to split. `known` is `texts_sha256` of the run's results;
    without it, nothing is checked.

    Raises:
        InputError: it has others.
    """
    if split in known and hash_texts(texts) != known[split]:
        raise InputError(
            f"{source}: the rows, or their order, have changed since the model was trained, so rows of its train may "
            f"now be in {split}; pass rows that it has not seen, in a file of their own (--dataset, data= in Python)"
        )


def load_earlier_texts(
    trained_on: DataConfig, known: Mapping[str, str], names: Sequence[str] = ("train", "validation")
) -> Mapping[str, AbstractSet[str]] | None:
    """Load the texts of a run's splits, if its data are on this machine as they were; else return None."""
    if not known or not is_here(trained_on.dataset):
        return None
    try:
        splits = load_splits(trained_on)
    except InputError:
        return None
    texts = {name: splits[name]["text"][:] for name in names}
    return {name: set(of_split) for name, of_split in texts.items()} if _are_known(texts, known) else None


def warn_of_seen_rows(texts: Sequence[str], earlier_texts: Mapping[str, AbstractSet[str]], who: str) -> None:
    """Log how many of the texts are in earlier splits, word for word."""
    num_seen = sum(any(text in split for split in earlier_texts.values()) for text in texts)
    if num_seen:
        where = " or ".join(earlier_texts)
        what = f"{num_seen:,} of {len(texts):,} rows are in {where} of {who}, word for word"
        logger.warning("%s: what is measured says less of new texts", what)


def _are_known(texts: Mapping[str, Sequence[str]], known: Mapping[str, str]) -> bool:
    return all(hash_texts(of_split) == known.get(name) for name, of_split in texts.items())
