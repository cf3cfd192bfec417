"""Makes the recipe of commands that train classifiers, and checks it before PyTorch is imported."""

import argparse
from collections.abc import Iterable

from hf_lstm.cli.common.arguments import apply_columns
from hf_lstm.config import Recipe
from hf_lstm.config.overrides import may_be_determined, override_recipe
from hf_lstm.config.recipes.catalog import get_recipe
from hf_lstm.rows.early_checks import check_source, check_unlabeled


def add_sources_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments for what training learns from besides the labels of its rows."""
    parser.add_argument(
        "--embeddings",
        metavar="PATH|ID",
        help="pretrained word vectors: a .txt, .gz or .zip file in GloVe's text format, a Hub id such as "
        "stanfordnlp/glove, or a saved model, also flagship or flagship-tiny; short for --set train.embeddings=...",
    )
    parser.add_argument(
        "--teacher",
        dest="teachers",
        metavar="ngrams|MODEL",
        action="append",
        help="learn from this teacher's answers, too: ngrams, a folder or a Hub id; may be repeated; short for "
        "--set train.teachers=...",
    )
    parser.add_argument(
        "--unlabeled",
        metavar="FILE|SPLIT",
        help="texts without labels, for the teachers to label, or to learn consistent answers on: a file, or a "
        "split of the data set; short for --set train.unlabeled=...",
    )
    parser.add_argument(
        "--init-from",
        metavar="MODEL",
        help="fine-tune this model, a folder or Hub id, with its tokenizer and architecture, and with its classifier "
        "if the labels are the same; a language model gives tokenizer, embedding and LSTM; none starts without the "
        "word vectors that come along; short for --set train.init_from=...",
    )


def build_recipe(arguments: argparse.Namespace) -> Recipe:
    """Build the recipe that is named, with all that was set.

    Raises:
        InputError: there is none of this name, or a setting is unknown or has a wrong value.
    """
    return apply_columns(override_recipe(get_recipe(arguments.recipe), collect_assignments(arguments)), arguments)


def collect_assignments(arguments: argparse.Namespace, *, with_dataset: bool = True) -> list[str]:
    """Collect the changed settings of `--set` and of its shortcuts, `--dataset` among them unless it is left out.

    Shortcuts such as `--seed` come last, and so they win.
    """
    dataset = {"data.dataset": arguments.dataset} if with_dataset else {}
    shortcuts = dataset | {
        "train.embeddings": arguments.embeddings,
        "train.teachers": ",".join(arguments.teachers) if arguments.teachers else None,
        "train.unlabeled": arguments.unlabeled,
        "train.init_from": arguments.init_from,
        "train.seed": arguments.seed,
    }
    given = [f"{setting}={value}" for setting, value in shortcuts.items() if value is not None]
    return [*arguments.assignments, *given]


def check_recipe(recipe: Recipe, searched: Iterable[str] = ()) -> None:
    """Check a recipe before PyTorch is imported: its settings beside the model of `--init-from`, and its files.

    Args:
        recipe: with the settings that were given.
        searched: names of those that are searched for.

    Raises:
        InputError: the model determines a setting, or can't be found; or a file is missing or damaged at its start.
    """
    tried = list(searched)
    if may_be_determined(recipe, tried):
        # Imported here, as it takes seconds that most commands need not wait for before they are told what is wrong.
        from hf_lstm.training.bases.loading import check_own_settings

        check_own_settings(recipe, tried)
    has_columns = recipe.train.base_model is None
    check_source(recipe.data, has_columns=has_columns)
    check_unlabeled(recipe.train.unlabeled, recipe.data, "train.unlabeled", has_columns=has_columns)
