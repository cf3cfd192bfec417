"""Records as a run writes them: results, recipe and report, for tests of what is made of them."""

import dataclasses
import json

from hf_lstm.config import Recipe
from hf_lstm.config.model import SINGLE_LABEL
from hf_lstm.config.recipes.published import PACKED_LSTM
from hf_lstm.nn.problem import get_problem
from hf_lstm.records.reading import read_record
from hf_lstm.records.results import RunResults

NEG_POS = ("neg", "pos")


def make_figures(labels, accuracy):
    of_label = {"precision": 0.9012, "recall": 0.8034, "f1": 0.8495, "support": 1234}
    rows = [[1000 + i if i == j else 10 + j for j in range(len(labels))] for i in range(len(labels))]
    return {
        "num_rows": 1234 * len(labels), "loss": 0.34567, "accuracy": accuracy, "accuracy_interval": [0.8669, 0.8753],
        "expected_calibration_error": 0.034, "calibrated_expected_calibration_error": 0.012, "calibrated_loss": 0.3123,
        "precision": 0.8701, "recall": 0.8602, "f1": 0.8653,
        "per_label": {label: dict(of_label) for label in labels},
        "confusion_matrix": {"labels": list(labels), "rows": rows},
    }  # fmt: skip


def make_results(labels=NEG_POS, source="stanfordnlp/imdb"):
    return {
        "recipe": "packed-lstm",
        "command": "python scripts/train.py --recipe packed-lstm --seed 7",
        "dataset": {
            "source": source,
            "num_rows": {"train": 20_000, "validation": 5_000, "test": 25_000},
            "duplicates": {"within_train": 96, "within_test": 0, "test_in_train": 123},
            "rows_sha256": "cd" * 32,
        },
        "weights_sha256": "ef" * 32,
        "model": {"num_parameters": 2_867_049, "vocab_size": 25_002},
        "seed": 7,
        "device": "cpu",
        "precision": "bfloat16",
        "measured_in": "bfloat16",
        "num_threads": 2,
        "versions": {"python": "3.11.2", "torch": "2.13.0"},
        "commit": "ab" * 20,
        "epochs": [
            {"epoch": 1, "is_best": True, "train": {"loss": 0.5432, "accuracy": 0.71},
             "validation": {"loss": 0.4321, "accuracy": 0.8123}, "elapsed_s": 70.0},
        ],
        "best_epoch": 1,
        "temperature": 1.0,
        "splits": {"validation": make_figures(labels, 0.8123), "test": make_figures(labels, 0.871234)},
        "elapsed_s": 333.0,
    }  # fmt: skip


def make_config(labels=NEG_POS, problem_type=SINGLE_LABEL):
    return PACKED_LSTM.model.resolve(vocab_size=25_002, label_names=labels, problem_type=problem_type)


def make_problem(num_labels, problem_type=SINGLE_LABEL):
    """What logits of labels 0, 1, 2 ... mean."""
    return get_problem(make_config([str(label) for label in range(num_labels)], problem_type))


def make_recipe(recipe=PACKED_LSTM, labels=NEG_POS, **data):
    data_config = dataclasses.replace(recipe.data, **data)
    return dataclasses.replace(recipe, model=make_config(labels), data=data_config).to_json()


def parse_results(results):
    """The record of results.json, from what the file holds; None for None."""
    return None if results is None else read_record(RunResults, results, "results.json")


def parse_recipe(recipe):
    """The recipe of recipe.json, from what the file holds; None for None."""
    return None if recipe is None else Recipe.from_json(recipe, "recipe.json")


def make_report(folder, *, has_plots=True, writes_weights=True):
    if writes_weights:
        (folder / "model.safetensors").write_bytes(bytes(10_900_000))
    report = folder / "report"
    report.mkdir()
    for name in ("report.md", *(["reliability.png"] if has_plots else [])):
        (report / name).touch()
    group = {"from_words": 4, "to_words": 120, "num_rows": 5000, "accuracy": 0.9, "accuracy_interval": [0.8914, 0.908]}
    unseen = {"seen_in": ["train", "validation"], "num_rows_seen": 9, "num_rows": 24_991, "accuracy": 0.86}
    unseen["accuracy_interval"] = [0.855, 0.865]
    tricky = [{"text": "Not bad_.", "label": "negative", "positive_probability": 0.25, "is_right": True}]
    figures = {"by_length": [group], "unseen": unseen, "tricky_reviews": tricky, "mistakes": []}
    (report / "metrics.json").write_text(json.dumps(figures))
    words = [
        {"word": word, "start": start, "end": start + 4, "contribution": contribution}
        for word, start, contribution in (("fine", 5, 2.0), ("film", 16, 1.0))
    ]
    mistakes = [
        {
            "row": i,
            "text": f"A <b>fine</b> film<br />no. {i}" + " and" * 150,
            "label": "neg",
            "predicted": "pos",
            "score": 0.9987,
            "words": words,
        }
        for i in range(9)
    ]
    (report / "errors.jsonl").write_text("\n".join(map(json.dumps, mistakes)))
    return folder
