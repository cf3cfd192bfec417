"""Measures the accuracy of linear classifiers on the same reviews.

Usage: `python scripts/measure_baselines.py --help`.
"""

import argparse
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarking.contenders.linear import SKLEARN_REQUIRES, build_tfidf
from benchmarking.contenders.nb_svm import NBSVM
from benchmarking.harness.spec import INSTALL_HINT
from benchmarking.sections.text_to_label import NB_SVM, TFIDF
from hf_lstm.cli.common.arguments import check_output_file
from hf_lstm.cli.common.process import run_command_line
from hf_lstm.errors import InputError
from hf_lstm.evaluation.tfidf import Classifier
from hf_lstm.markdown import format_duration

if TYPE_CHECKING:
    from benchmarking.reviews import LabeledReviews

BASELINES: Mapping[str, Callable[[], Classifier]] = {TFIDF: build_tfidf, NB_SVM: NBSVM}
"""By the names that the benchmark gives them. Their settings are fixed: no split chooses any of them."""


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=f"Train {' and '.join(BASELINES)} on all rows that are not test, and measure them on test. Their "
        "settings are fixed in advance.",
        epilog="example: python scripts/measure_baselines.py --output results/baselines.json",
    )
    parser.add_argument(
        "--dataset", metavar="SOURCE", default="stanfordnlp/imdb", help="as for train.py (default: %(default)s)"
    )
    parser.add_argument("--output", metavar="FILE", type=Path, help="also write the figures as JSON")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Measure the baselines, and print or write the figures."""
    arguments = parse_arguments(argv)
    check_output_file(arguments.output)
    check_installed()

    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    from benchmarking.harness.machine import describe_machine
    from benchmarking.reviews import load_reviews
    from hf_lstm.config import DataConfig
    from hf_lstm.files.writing import write_json
    from hf_lstm.provenance import find_commit

    machine, commit = describe_machine(), find_commit()
    reviews = load_reviews(arguments.dataset, DataConfig())
    models: dict[str, Any] = {}
    for name, make in BASELINES.items():
        models[name] = measure_baseline(make(), reviews.train_and_validation, reviews.test)
        print(f"{name}: {describe(models[name])}", flush=True)
    if arguments.output is not None:
        figures = {
            "machine": machine,
            "command": f"python scripts/measure_baselines.py {shlex.join(argv)}",
            "commit": commit,
            "dataset": reviews.name,
            "models": models,
        }
        write_json(arguments.output, figures)
        print(f"saved in {arguments.output}")


def check_installed() -> None:
    """Check that scikit-learn is installed.

    Raises:
        InputError: it is not; the message says what to install.
    """
    from importlib.util import find_spec

    for module in SKLEARN_REQUIRES:
        if find_spec(module) is None:
            raise InputError(f"{module} is not installed; run {INSTALL_HINT}")


def measure_baseline(classifier: Classifier, train: "LabeledReviews", test: "LabeledReviews") -> dict[str, Any]:
    """Train a classifier on `train`, and measure it on `test`.

    Returns its settings, seconds and figures.
    """
    from hf_lstm.evaluation.metrics import compute_wilson_interval

    started = time.perf_counter()
    classifier.fit(train.texts, train.labels)
    trained = time.perf_counter()
    answers = classifier.predict(test.texts)
    scored = time.perf_counter()
    num_right = sum(int(answer) == label for answer, label in zip(answers, test.labels, strict=True))
    return {
        "settings": dict(classifier.settings),
        "num_train_rows": len(train.labels),
        "num_features": classifier.num_features,
        "training_s": trained - started,
        "test": {
            "num_rows": len(test.labels),
            "accuracy": num_right / len(test.labels),
            "accuracy_interval": compute_wilson_interval(num_right, len(test.labels)),
            "elapsed_s": scored - trained,
        },
    }


def describe(figures: Mapping[str, Any]) -> str:
    """Describe a classifier's figures in a line of text."""
    test = figures["test"]
    return (
        f"test accuracy {100 * test['accuracy']:.2f} %, {test['num_rows']:,} rows; {figures['num_features']:,} "
        f"features, trained in {format_duration(figures['training_s'])}"
    )


if __name__ == "__main__":
    run_command_line(main)
