"""Tries how good a model is that has few labels, and all other texts without theirs.

Usage: `python scripts/try_few_labels.py --help`.
"""

import argparse
import dataclasses
import shlex
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_lstm.cli.common.arguments import add_device_argument, check_output_file
from hf_lstm.cli.common.process import run_command_line
from hf_lstm.config import DataConfig
from hf_lstm.config.overrides import override_recipe
from hf_lstm.config.recipes.catalog import get_recipe
from hf_lstm.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from datasets import Dataset, DatasetDict
    from numpy.typing import NDArray

VALIDATION_SHARE = 0.2
"""Of the labels, those that choose the epoch."""


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Keep the labels of few rows of train, as many of each label, and train on them and on all other "
        "texts without labels, once for each seed. A fifth of the labels chooses the epoch, and is of other groups "
        "(data.group_file). Each run goes on where it was interrupted.",
        epilog="example: python scripts/try_few_labels.py --dataset stanfordnlp/imdb --init-from runs/lm --unlabeled "
        "unsupervised --set train.virtual_adversarial_epsilon=5 train.unlabeled_batches_per_step=1",
    )
    parser.add_argument("--dataset", metavar="SOURCE", required=True, help="as for train.py")
    parser.add_argument("--recipe", metavar="NAME", default="lm-classifier", help="(default: %(default)s)")
    parser.add_argument("--init-from", metavar="MODEL", help="language model to start from")
    parser.add_argument("--unlabeled", metavar="FILE|SPLIT", help="more texts without labels")
    parser.add_argument("--num-labels", metavar="N", type=int, default=1_000, help="(default: %(default)s)")
    parser.add_argument("--seeds", metavar="SEED", type=int, nargs="+", default=[0, 1, 2], help="(default: 0 1 2)")
    parser.add_argument("--set", dest="assignments", metavar="KEY=VALUE", nargs="+", default=[], help="as for train.py")
    parser.add_argument("--output-dir", metavar="DIR", type=Path, default=Path("runs") / "few-labels")
    parser.add_argument("--output", metavar="FILE", type=Path, help="also write the figures as JSON")
    add_device_argument(parser)
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Train and measure a model for each seed."""
    arguments = parse_arguments(argv)
    check_output_file(arguments.output)
    given = {
        "data.dataset": arguments.dataset,
        "train.init_from": arguments.init_from,
        "train.unlabeled": arguments.unlabeled,
    }
    changes = [*arguments.assignments, *(f"{name}={value}" for name, value in given.items() if value is not None)]
    recipe = override_recipe(get_recipe(arguments.recipe), changes)

    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    from datasets import Dataset

    from hf_lstm.data.loading import load_splits
    from hf_lstm.files import write_json
    from hf_lstm.sources.in_memory import resolve_source
    from hf_lstm.sources.unlabeled import read_unlabeled
    from hf_lstm.training.options import RunOptions
    from hf_lstm.training.run import run_experiment

    splits = load_splits(recipe.data)
    known = {text for split in splits.values() for text in split["text"][:]}
    more = [] if recipe.train.unlabeled is None else read_unlabeled(recipe.train.unlabeled, recipe.data, left_out=known)
    accuracies: dict[int, float] = {}
    for seed in arguments.seeds:
        folder = arguments.output_dir / f"seed{seed}"
        labeled, others = keep_labels(splits, arguments.num_labels, seed)
        texts = arguments.output_dir / f"texts-seed{seed}.parquet"
        arguments.output_dir.mkdir(parents=True, exist_ok=True)
        Dataset.from_dict({"text": [*others, *more]}).to_parquet(texts)
        train = dataclasses.replace(recipe.train, seed=seed, unlabeled=str(texts))
        in_memory = resolve_source(labeled)
        assert not isinstance(in_memory, str)
        results = run_experiment(
            dataclasses.replace(recipe, data=DataConfig(), train=train),
            RunOptions(
                output_dir=folder,
                device=arguments.device,
                command=f"python scripts/try_few_labels.py {shlex.join(argv)}",
                resume=True,
                in_memory=in_memory,
            ),
        )
        accuracies[seed] = results.splits["test"].accuracy
        print(f"seed {seed}: {100 * accuracies[seed]:.2f} % of test, {len(others) + len(more):,} texts without labels")
    figures: dict[str, Any] = {"num_labels": arguments.num_labels, "test_accuracy": accuracies}
    print(f"mean {100 * statistics.fmean(accuracies.values()):.2f} %")
    if arguments.output is not None:
        write_json(arguments.output, figures)
        print(f"saved in {arguments.output}")


def keep_labels(splits: "DatasetDict", num_labels: int, seed: int) -> "tuple[DatasetDict, list[str]]":
    """Keep few labels of train and validation, as many of each label.

    Returns the splits with the rows kept, and the texts of the other rows.

    Raises:
        InputError: there are not enough rows of each label.
    """
    import numpy as np
    from datasets import DatasetDict

    random = np.random.RandomState(seed)
    num_validation = round(VALIDATION_SHARE * num_labels)
    kept, others = {"test": splits["test"].select_columns(["text", "label"])}, []
    for name, number in (("train", num_labels - num_validation), ("validation", num_validation)):
        rows = pick_rows(splits[name], number, random)
        kept[name] = splits[name].select(rows).select_columns(["text", "label"])
        rest = np.setdiff1d(np.arange(len(splits[name])), rows)
        others += splits[name].select(rest)["text"][:]
    return DatasetDict({name: kept[name] for name in ("train", "validation", "test")}), others


def pick_rows(split: "Dataset", number: int, random: "np.random.RandomState") -> "NDArray[np.int64]":
    """Pick the numbers of random rows, as many of each label."""
    import numpy as np

    labels = np.asarray(split["label"][:])
    classes = split.features["label"].num_classes
    picked = []
    for label in range(classes):
        rows, wanted = np.flatnonzero(labels == label), len(range(label, number, classes))
        if len(rows) < wanted:
            raise InputError(f"--num-labels: {wanted} rows of label {label} are wanted, there are {len(rows)}")
        picked.append(random.permutation(rows)[:wanted])
    return np.sort(np.concatenate(picked))


if __name__ == "__main__":
    run_command_line(main)
