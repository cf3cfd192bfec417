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
from hf_lstm.config import DataConfig, Recipe
from hf_lstm.config.overrides import override_recipe
from hf_lstm.config.recipes.catalog import get_recipe
from hf_lstm.config.train import NGRAMS
from hf_lstm.errors import InputError
from hf_lstm.rows.early_checks import check_source, check_unlabeled

if TYPE_CHECKING:
    import numpy as np
    from datasets import Dataset, DatasetDict
    from numpy.typing import NDArray

    from hf_lstm.training.options import RunOptions

VALIDATION_SHARE = 0.2
"""Of the labels, those that choose the epoch."""
_SEED_STEP = 1_000
"""Between the seeds of models that share their labels."""
RECIPE = "lm-classifier"
SETTINGS = (
    "train.batch_size=32", "train.num_epochs=6", "train.frozen_steps=25", "train.ema_decay=0.98",
    "train.adversarial_epsilon=none", "train.virtual_adversarial_epsilon=5", "train.unlabeled_batches_per_step=2",
)  # fmt: skip
"""What this recipe has here, unless `--set` says otherwise: those of results/few_labels_lm.json."""


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Keep the labels of few rows of train, as many of each label, and train on them and on all other "
        "texts without labels, once for each seed. A fifth of the labels chooses the epoch, and is of other groups "
        "(data.group_file). Each run goes on where it was interrupted.",
        epilog="example: python scripts/try_few_labels.py --dataset stanfordnlp/imdb --init-from runs/lm --unlabeled "
        "unsupervised --set train.num_epochs=3",
    )
    parser.add_argument("--dataset", metavar="SOURCE", required=True, help="as for train.py")
    parser.add_argument(
        "--recipe", metavar="NAME", help=f"as it is (default: {RECIPE} with {' '.join(SETTINGS)})".replace("%", "%%")
    )
    parser.add_argument("--init-from", metavar="MODEL", help="language model to start from")
    parser.add_argument("--unlabeled", metavar="FILE|SPLIT", help="more texts without labels")
    parser.add_argument("--num-labels", metavar="N", type=int, default=1_000, help="(default: %(default)s)")
    parser.add_argument("--seeds", metavar="SEED", type=int, nargs="+", default=[0, 1, 2], help="(default: 0 1 2)")
    parser.add_argument("--set", dest="assignments", metavar="KEY=VALUE", nargs="+", default=[], help="as for train.py")
    parser.add_argument(
        "--models", metavar="N", type=int, default=1, help="for each seed, of random states of their own (default: 1)"
    )
    parser.add_argument(
        "--student", metavar="NAME", help="also train this recipe, taught by the models and by n-grams beside them"
    )
    parser.add_argument(
        "--students", metavar="N", type=int, default=1, help="each later one is taught by the one before (default: 1)"
    )
    parser.add_argument("--student-set", metavar="KEY=VALUE", nargs="+", default=[], help="settings of the student")
    parser.add_argument("--output-dir", metavar="DIR", type=Path, default=Path("runs") / "few-labels")
    parser.add_argument("--output", metavar="FILE", type=Path, help="also write the figures as JSON")
    add_device_argument(parser)
    arguments = parser.parse_args(argv)
    if arguments.models < 1 or arguments.students < 1:
        parser.error("--models and --students must be more than 0")
    if arguments.student is None and (arguments.students > 1 or arguments.student_set):
        parser.error("--students and --student-set need --student, the recipe to teach")
    return arguments


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
    defaults = SETTINGS if arguments.recipe is None else ()
    recipe = override_recipe(get_recipe(arguments.recipe or RECIPE), [*defaults, *changes])
    student = None
    if arguments.student is not None:
        student = override_recipe(get_recipe(arguments.student), arguments.student_set)
        dataclasses.replace(student.train, unlabeled="texts.parquet", teachers="model,ngrams")  # or it is told at once
    check_recipe(recipe)

    # Imported here, after the arguments are checked, so that `--help` and typing errors answer at once.
    from datasets import Dataset

    from hf_lstm.data.loading import load_splits
    from hf_lstm.files.writing import write_json
    from hf_lstm.sources.unlabeled import read_unlabeled
    from hf_lstm.training.options import RunOptions

    splits = load_splits(recipe.data)
    known = {text for split in splits.values() for text in split["text"][:]}
    more = [] if recipe.train.unlabeled is None else read_unlabeled(recipe.train.unlabeled, recipe.data, left_out=known)
    command = f"python scripts/try_few_labels.py {shlex.join(argv)}"
    figures: dict[str, Any] = {"num_labels": arguments.num_labels, "command": command, "seeds": {}}
    steps = [(name_step("model", number), recipe, False) for number in range(1, arguments.models + 1)]
    if student is not None:
        steps += [(name_step("student", number), student, True) for number in range(1, arguments.students + 1)]
    for seed in arguments.seeds:
        labeled, others = keep_labels(splits, arguments.num_labels, seed)
        texts = arguments.output_dir / f"texts-seed{seed}.parquet"
        arguments.output_dir.mkdir(parents=True, exist_ok=True)
        Dataset.from_dict({"text": [*others, *more]}).to_parquet(texts)
        print(f"seed {seed}: {len(others) + len(more):,} texts without labels")
        found: dict[str, Any] = {}
        teachers: list[str] = []
        for name, step, is_taught in steps:
            folder = arguments.output_dir / f"{name}-seed{seed}"
            # Models of one seed share their labels, not their random states.
            fixed: dict[str, Any] = {"seed": seed + _SEED_STEP * len(teachers), "unlabeled": str(texts)}
            if is_taught:  # the first student by the models, each other one by the student before
                fixed |= {"seed": seed, "teachers": ",".join([*teachers, NGRAMS])}
                teachers = []
            options = RunOptions(
                output_dir=folder,
                device=arguments.device,
                command=command,
                resume=True,
                measures_baseline=not found,  # it is the same for all
                writes_report=False,
            )
            found[name] = train_step(step, fixed, labeled, options)
            teachers.append(str(folder))
        figures["seeds"][seed] = found
    for step in figures["seeds"][arguments.seeds[0]]:
        mean = statistics.fmean(found[step]["test_accuracy"] for found in figures["seeds"].values())
        print(f"{step}: {100 * mean:.2f} % of test on average")
    if arguments.output is not None:
        write_json(arguments.output, figures)
        print(f"saved in {arguments.output}")


def name_step(kind: str, number: int) -> str:
    """Name a model or student by its number, from 1 on."""
    return kind if number == 1 else f"{kind}-{number}"


def check_recipe(recipe: Recipe) -> None:
    """Check what can be told of a recipe before its rows are loaded.

    Raises:
        InputError: it learns nothing from texts without labels, or its files are unusable.
    """
    if not dataclasses.replace(recipe.train, unlabeled="auto").learns_from_unlabeled:
        raise InputError(
            f"--recipe {recipe.name}: it learns nothing from texts without labels; choose lm-virtual or "
            "distilled-bilstm, or --set train.virtual_adversarial_epsilon=5 train.unlabeled_batches_per_step=1"
        )
    check_source(recipe.data)
    check_unlabeled(recipe.train.unlabeled, recipe.data, "train.unlabeled")


def train_step(recipe: Recipe, fixed: dict[str, Any], labeled: "DatasetDict", options: "RunOptions") -> dict[str, Any]:
    """Train on the rows with labels, unless it is done, and return what the model and TF-IDF on these labels reach.

    Args:
        recipe: to train.
        fixed: settings of its training that do not come from the recipe.
        labeled: the splits.
        options: of the run, but for the rows.
    """
    from hf_lstm.records.places import IN_MEMORY
    from hf_lstm.sources.in_memory import resolve_source
    from hf_lstm.training.run import run_experiment

    in_memory = resolve_source(labeled)
    assert not isinstance(in_memory, str)
    # These are the columns of `keep_labels`, whatever those of the file are, or of the language model's.
    data = DataConfig(dataset=IN_MEMORY, text_column="text", label_column="label")
    results = run_experiment(
        dataclasses.replace(recipe, data=data, train=dataclasses.replace(recipe.train, **fixed)),
        dataclasses.replace(options, in_memory=in_memory),
    )
    accuracy = results.splits["test"].accuracy
    print(f"{options.output_dir}: {100 * accuracy:.2f} % of test")
    found = {f"{split}_accuracy": results.splits[split].accuracy for split in ("test", "validation")}
    for baseline in results.baselines:
        found["baseline_test_accuracy"] = baseline.splits["test"].accuracy
    return found | {"seconds": results.elapsed_s}


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
