"""Measures linear classifiers beside a saved model, and adds them to its results, report and card.

Usage: `python scripts/add_baselines.py --help`.
"""

import argparse
import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarking.contenders.linear import FASTTEXT_REQUIRES, FastText, build_tfidf
from benchmarking.contenders.nb_svm import NBSVM
from benchmarking.sections.text_to_label import FASTTEXT, NB_SVM, TFIDF
from hf_lstm.cli.common.process import run_command_line
from hf_lstm.errors import InputError
from hf_lstm.evaluation.tfidf import Classifier
from hf_lstm.extras import is_installed

if TYPE_CHECKING:
    from hf_lstm.config import DataConfig
    from hf_lstm.evaluation.scoring import ScoredSplit
    from hf_lstm.model.classifier import LSTMSentiment
    from hf_lstm.nn.problem import Problem
    from hf_lstm.records.baseline import BaselineFacts
    from hf_lstm.records.results import RunResults


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Fit linear classifiers on the rows of a model's run, measure them beside the model on test, and "
        "add them to its results.json, report and card. TF-IDF with logistic regression learns from the rows of train, "
        "as `hf-lstm train` has it. The classifiers of the benchmark learn from those of validation, too.",
        epilog="example: python scripts/add_baselines.py space/model",
    )
    parser.add_argument("model", metavar="MODEL", type=Path, help="folder of a run")
    parser.add_argument("--dataset", metavar="SOURCE", help="the rows of the run (default: where the run found them)")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Measure the baselines, and write them into the model's folder."""
    arguments = parse_arguments(argv)

    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    from hf_lstm.files.names import RESULTS_FILE
    from hf_lstm.files.writing import write_json
    from hf_lstm.model.classifier import LSTMSentiment
    from hf_lstm.records.reading import to_json

    model = LSTMSentiment.from_pretrained(arguments.model)
    results = model.results
    trained_on = model.training_data
    if model.recipe is None or trained_on is None or results is None:
        raise InputError(f"{arguments.model}: has no recipe.json and results.json; expected the folder of a run")
    data = trained_on if arguments.dataset is None else dataclasses.replace(trained_on, dataset=arguments.dataset)
    scored = score_splits(model, results, data)
    baselines = list(measure(scored, model.problem, model.recipe.train.class_weights))
    for baseline in baselines:
        print(baseline.describe("test"), flush=True)
    results = dataclasses.replace(results, baselines=baselines)
    write_json(arguments.model / RESULTS_FILE, to_json(results))
    write_pages(arguments.model, model, results, scored)


def score_splits(model: "LSTMSentiment", results: "RunResults", data: "DataConfig") -> dict[str, "ScoredSplit"]:
    """Compute the model's answers to the rows of its run.

    Raises:
        InputError: these are other rows.
    """
    import torch

    from hf_lstm.data.loading import load_splits
    from hf_lstm.evaluation.scoring import score_split

    splits = load_splits(data)
    if splits.rows_sha256 != results.dataset.rows_sha256:
        raise InputError(f"{data.dataset}: these are not the rows of the run; name those with --dataset")
    dtype: torch.dtype = getattr(torch, results.measured_in)
    return {name: score_split(model, name, rows, dtype) for name, rows in splits.items()}


def measure(scored: dict[str, "ScoredSplit"], problem: "Problem", class_weights: str | None) -> list["BaselineFacts"]:
    """Fit and measure each classifier."""
    from hf_lstm.evaluation.baseline import measure_classifier, measure_tfidf

    train, validation, test = (scored[name] for name in ("train", "validation", "test"))
    baseline = measure_tfidf(train, [validation, test], problem, class_weights)
    found = [] if baseline is None else [baseline]
    if not problem.config.has_opposites:
        return found  # the others know two classes
    texts = train.rows["text"][:] + validation.rows["text"][:]
    labels = np.concatenate([train.labels, validation.labels])
    others: dict[str, Classifier] = {TFIDF: build_tfidf(), NB_SVM: NBSVM()}
    for name, classifier in others.items():
        found.append(measure_classifier(name, classifier, texts, labels, [test], problem))
    if is_installed(FASTTEXT_REQUIRES[0]):
        with tempfile.TemporaryDirectory() as scratch:
            fasttext = FastText(Path(scratch), num_threads=1)
            library = "fasttext-wheel"
            found.append(measure_classifier(FASTTEXT, fasttext, texts, labels, [test], problem, library=library))
    return found


def write_pages(folder: Path, model: "LSTMSentiment", results: "RunResults", scored: dict[str, "ScoredSplit"]) -> None:
    """Write the report of the run and the card anew."""
    from hf_lstm.evaluation.scoring import analyze_split, measure_split
    from hf_lstm.files.names import REPORT_FOLDER
    from hf_lstm.hub.cards.card import write_card
    from hf_lstm.report.writer import write_report

    test, precision = scored["test"], results.measured_in
    measurement = measure_split(
        model,
        test,
        title=folder.resolve().name if model.recipe is None else model.recipe.name,
        source=results.dataset.source,
        precision=precision,
        is_own_data=True,
        results=results,
    )
    earlier_texts = {name: set(scored[name].rows["text"][:]) for name in ("train", "validation")}
    (folder / REPORT_FOLDER).mkdir(exist_ok=True)
    write_report(folder / REPORT_FOLDER, measurement, analyze_split(model, test, earlier_texts, precision))
    write_card(folder, config=model.config, recipe=model.recipe, results=results, repo_id=None)


if __name__ == "__main__":
    run_command_line(main)
