"""Measures how good explanations are, by deleting words.

Usage: `python scripts/measure_explanations.py --help`.
"""

import argparse
import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from hf_lstm.cli.common.arguments import add_data_arguments, check_output_file
from hf_lstm.cli.common.process import run_command_line

if TYPE_CHECKING:
    from hf_lstm.model.classifier import LSTMSentiment

NUM_DELETED = 5
TIMED_WORDS = 400
TIMED_TEXTS = 50

Explanation = list[dict[str, Any]]


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=f"Measure model.explain on a test split. The {NUM_DELETED} words that are strongest for the "
        "predicted label are deleted, and the fall of its probability is measured. It is compared with that of as many "
        "random words and, on fewer texts, of those whose own deletion costs most. Also measured: how well "
        f"contributions add up, and the time for {TIMED_WORDS} words.",
        epilog="example: python scripts/measure_explanations.py runs/packed-lstm --output explanations.json",
    )
    parser.add_argument("model", metavar="MODEL", help="model folder, or Hub id such as org/imdb-lstm")
    add_data_arguments(parser, default_dataset=None)
    parser.add_argument("--num-reviews", metavar="N", type=int, default=1000, help="of the split (default: 1000)")
    parser.add_argument(
        "--num-occluded", metavar="N", type=int, default=100,
        help="of these, on how many each word is deleted in turn, which takes long (default: 100)",
    )  # fmt: skip
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of reviews and random words (default: 0)")
    parser.add_argument("--output", metavar="FILE.json", type=Path, help="file for the figures")
    arguments = parser.parse_args(argv)
    for name, minimum in (("num_reviews", 2), ("num_occluded", 2), ("seed", 0)):
        if getattr(arguments, name) < minimum:
            parser.error(f"argument --{name.replace('_', '-')}: expected at least {minimum}")
    return arguments


def main(argv: Sequence[str]) -> None:
    """Measure the explanations, and print or write the figures."""
    arguments = parse_arguments(argv)
    check_output_file(arguments.output)

    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    import torch

    from hf_lstm.files.writing import write_json
    from hf_lstm.model.classifier import LSTMSentiment

    figures = {
        "command": shlex.join(["python", "scripts/measure_explanations.py", *argv]),
        "model": Path(arguments.model).resolve().name,
        "num_deleted": NUM_DELETED,
        "num_threads": torch.get_num_threads(),
        **measure(LSTMSentiment.from_pretrained(arguments.model), arguments),
    }
    print_figures(figures)
    if arguments.output is not None:
        write_json(arguments.output, figures)


def measure(model: "LSTMSentiment", arguments: argparse.Namespace) -> dict[str, Any]:
    """Compute all figures of a model."""
    from hf_lstm.evaluation.rows import load_evaluation_rows
    from hf_lstm.rows.columns import Columns

    columns = Columns(arguments.text_column, arguments.label_column)
    rows = load_evaluation_rows(model, "test", source=arguments.dataset, columns=columns)
    chosen = np.random.default_rng(arguments.seed).permutation(len(rows.dataset))[: arguments.num_reviews]
    texts = [text for text in rows.dataset.select(chosen)["text"] if model.encoder.locate(text)]
    predicted = compute_probabilities(model, texts).argmax(axis=1)
    shown = tqdm(texts, desc="explain", unit="text", disable=None)
    explained = [model.explain(text, label=int(label)) for text, label in zip(shown, predicted, strict=True)]
    rng = np.random.default_rng(arguments.seed)
    strongest = [choose_strongest(words) for words in explained]
    at_random = [[words[i] for i in rng.permutation(len(words))[:NUM_DELETED]] for words in explained]
    few = slice(arguments.num_occluded)
    by_occlusion = [
        choose_strongest(occlude(model, text, words, int(label)))
        for text, words, label in zip(texts[few], explained[few], predicted[few], strict=True)
    ]
    return {
        "source": rows.source,
        "num_reviews": len(texts),
        "strongest": measure_deletion(model, texts, strongest),
        "random": measure_deletion(model, texts, at_random),
        "fewer_reviews": {
            "num_reviews": len(by_occlusion),
            "strongest": measure_deletion(model, texts[few], strongest[few]),
            "occlusion": measure_deletion(model, texts[few], by_occlusion),
        },
        "largest_relative_error": measure_error(model, texts, explained, predicted),
        "seconds": measure_seconds(model, texts),
    }


def compute_probabilities(model: "LSTMSentiment", texts: Sequence[str]) -> NDArray[np.float32]:
    """Compute probabilities (num_texts, num_labels) in full precision."""
    return model.predict_proba(texts, precision="float32", show_progress=False).numpy()


def choose_strongest(words: Explanation) -> Explanation:
    """Return the words of the largest contributions."""
    return sorted(words, key=lambda word: -word["contribution"])[:NUM_DELETED]


def delete_words(text: str, words: Explanation) -> str:
    """Return the text without these words."""
    for word in sorted(words, key=lambda word: -word["start"]):
        text = text[: word["start"]] + text[word["end"] :]
    return text


def occlude(model: "LSTMSentiment", text: str, words: Explanation, label: int) -> Explanation:
    """Compute each word's contribution by deleting it alone.

    It is what the deletion takes from the log-odds of `label`.
    """
    probabilities = compute_probabilities(model, [delete_words(text, [word]) for word in words])[:, label]
    log_odds = np.log(probabilities) - np.log1p(-probabilities.clip(max=1 - 1e-7))
    return [{**word, "contribution": -value} for word, value in zip(words, log_odds.tolist(), strict=True)]


def measure_deletion(model: "LSTMSentiment", texts: Sequence[str], deleted: Sequence[Explanation]) -> dict[str, float]:
    """Measure the effect of deleting words on the predicted label.

    That is how far its probability falls, and how often the label changes.
    """
    before = compute_probabilities(model, texts)
    after = compute_probabilities(model, [delete_words(*pair) for pair in zip(texts, deleted, strict=True)])
    predicted, rows = before.argmax(axis=1), np.arange(len(texts))
    drops = before[rows, predicted].astype(np.float64) - after[rows, predicted]
    return {
        "probability_before": float(before[rows, predicted].mean()),
        "probability_after": float(after[rows, predicted].mean()),
        "drop": float(drops.mean()),
        "drop_standard_error": float(drops.std(ddof=1) / np.sqrt(len(drops))),
        "changed_labels": float((after.argmax(axis=1) != predicted).mean()),
    }


def measure_error(
    model: "LSTMSentiment", texts: Sequence[str], explained: Sequence[Explanation], predicted: NDArray[np.int64]
) -> float:
    """Measure how well contributions add up to the logits' difference.

    Returns how far, at most, they miss the difference of the model's own logits, as a share of it.
    """
    import torch

    from hf_lstm.model.prediction import compute_logits

    logits = compute_logits(model, model.encode(texts), dtype=torch.float32).double().numpy()
    own = logits[np.arange(len(texts)), predicted]
    margins = own - (logits.sum(axis=1) - own) / (model.config.num_labels - 1)
    sums = np.array([sum(word["contribution"] for word in words) for words in explained])
    return float(np.abs((sums - margins) / margins).max())


def measure_seconds(model: "LSTMSentiment", texts: Sequence[str]) -> dict[str, float]:
    """Measure the seconds for an explanation of `TIMED_WORDS` words.

    The texts are repeated and cut to that length.
    """
    elapsed = []
    for text in texts[:TIMED_TEXTS]:
        words = text.split()
        long_text = " ".join((words * (TIMED_WORDS // len(words) + 1))[:TIMED_WORDS])
        start = time.perf_counter()
        model.explain(long_text)
        elapsed.append(time.perf_counter() - start)
    p50, p95 = np.quantile(elapsed, [0.5, 0.95])
    return {"num_texts": len(elapsed), "num_words": TIMED_WORDS, "p50": float(p50), "p95": float(p95)}


def print_figures(figures: dict[str, Any]) -> None:
    """Print the figures of a model."""
    print(f"{figures['model']}: {figures['num_reviews']:,} test reviews of {figures['source']}")
    fewer = figures["fewer_reviews"]
    rows = [
        ("strongest", figures["strongest"], figures["num_reviews"]),
        ("random", figures["random"], figures["num_reviews"]),
        ("strongest", fewer["strongest"], fewer["num_reviews"]),
        ("occlusion", fewer["occlusion"], fewer["num_reviews"]),
    ]
    for name, deletion, num_reviews in rows:
        print(
            f"  {NUM_DELETED} {name} words deleted, {num_reviews:,} reviews: probability "
            f"{deletion['probability_before']:.3f} to {deletion['probability_after']:.3f}, "
            f"{deletion['changed_labels']:.1%} of the labels change"
        )
    seconds = figures["seconds"]
    print(f"  contributions add up to within {figures['largest_relative_error']:.1e} of the difference of the logits")
    print(f"  {seconds['num_words']} words: {1000 * seconds['p50']:.0f} ms, p95 {1000 * seconds['p95']:.0f} ms")


if __name__ == "__main__":
    run_command_line(main)
