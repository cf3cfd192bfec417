"""Keeps a run from learning from a model that was trained on rows of the run's test."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from datasets import Dataset

from hf_lstm.config import DataConfig, TrainConfig
from hf_lstm.config.train import NGRAMS
from hf_lstm.data.digests import add_hashes, hash_texts
from hf_lstm.errors import InputError
from hf_lstm.evaluation.known_rows import load_earlier_texts, warn_of_seen_rows
from hf_lstm.hub.download import fetch_model_folder
from hf_lstm.model.provenance import read_provenance
from hf_lstm.pretraining.folder import is_language_model
from hf_lstm.records.results import RunResults
from hf_lstm.shipped import locate_model


def check_unseen(
    source: str, trained_on: DataConfig | None, results: RunResults | None, splits: Mapping[str, Dataset]
) -> None:
    """Check that test has no rows that a saved model was trained on.

    Rows that are known to be in its train, word for word, are logged. Where there is no test, or nothing tells of the
    model's rows, nothing is checked.

    Args:
        source: name of the model, for messages.
        trained_on: how to load the rows of the model's run.
        results: of that run.
        splits: the rows of the new run.

    Raises:
        InputError: the rows are those of the model's run, cut otherwise.
    """
    known = {} if results is None else results.dataset.texts_sha256
    if trained_on is None or not known or "test" not in splits:
        return
    found = {name: hash_texts(rows["text"][:]) for name, rows in splits.items()}
    if found["test"] == known["test"]:
        return
    if add_hashes(found.values()) == add_hashes(known.values()):
        told = " ".join(
            f"data.{name}={value}" for name, value in dataclasses.asdict(trained_on).items() if name != "dataset"
        )
        raise InputError(
            f"{source} was trained on the same rows, cut otherwise, so that test has rows of its train; cut "
            f"them alike (its run had {told}), or give test rows of their own"
        )
    earlier_texts = load_earlier_texts(trained_on, known)
    if earlier_texts is not None:
        warn_of_seen_rows(splits["test"]["text"][:], earlier_texts, f"the training of {source}")


def check_lenders(config: TrainConfig, splits: Mapping[str, Dataset]) -> None:
    """Check the same of saved models that teach, and of one whose word vectors a run starts from.

    A language model knows no label of any row, and is not checked.

    Raises:
        InputError: as `check_unseen`; or the recipe or the results of one are damaged.
    """
    names = [name for name in config.teacher_names if name != NGRAMS]
    if config.embeddings is not None and Path(locate_model(config.embeddings)).is_dir():
        names.append(config.embeddings)
    for name in names:
        folder = fetch_model_folder(name)
        if not is_language_model(folder):
            origin = read_provenance(folder)
            check_unseen(name, origin.training_data, origin.results, splits)
