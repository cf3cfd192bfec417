"""Names the files of a model folder, and those beside it."""

import os
from pathlib import Path

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
TOKENIZER_FILE = "tokenizer.json"
TOKENIZER_CONFIG_FILE = "tokenizer_config.json"
REMOTE_FILES = ("configuration_hf_lstm.py", "modeling_hf_lstm.py")
"""Modules beside a model with which transformers loads it; those of the room `remote`."""
TRANSFORMERS_FILES = (TOKENIZER_CONFIG_FILE, *REMOTE_FILES)
"""What a model folder has for transformers; we read none of it."""
CARD_FILE = "README.md"
RECIPE_FILE = "recipe.json"
RESULTS_FILE = "results.json"
METRICS_FILE = "metrics.jsonl"
"""The figures of each step and epoch of training."""
PLACES_FILE = "local.json"
"""Where on this machine lies what a run read. It is for `evaluate`, and never published."""
REPORT_FOLDER = "report"
"""Plots and tables."""
PLOT_FILES = ("confusion_matrix.png", "reliability.png", "accuracy_by_length.png", "learning_curves.png")
REPORT_PAGE, REPORT_METRICS, MISTAKES_FILE, ERRORS_FILE = "report.md", "metrics.json", "mistakes.md", "errors.jsonl"
"""Of a report: its page, all figures, and the most confident mistakes, for people and whole."""
EXAMPLE_FILES = (MISTAKES_FILE, ERRORS_FILE)
"""The files of a report that hold texts of the data."""
REPORT_FILES = (REPORT_PAGE, REPORT_METRICS, *EXAMPLE_FILES, *PLOT_FILES)
"""All files of a report. Others in its folder are not published."""
REQUIRED_FILES = (CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE)
UNFINISHED_FOLDER = ".unfinished"
"""Holds what a run needs to be resumed, in its output folder, until it is finished."""
CHECKPOINT_PREFIX = "checkpoint-"
ANSWERS_SUFFIX = ".f32"
"""Of what teachers have said for an unfinished run."""


def expand_home(name: str | os.PathLike[str]) -> Path:
    """Return the path of a name that may begin with `~`, the home folder.

    Shells leave it as it is in `--output-dir=~/runs`, and Python everywhere. Where there is no home, the name stays:
    `Path.expanduser` raises an error there.
    """
    return Path(os.path.expanduser(name))


def list_report_files(model_folder: Path) -> list[Path]:
    """List the files of the report in a model folder, sorted by name.

    What no report has is left out.
    """
    found = (model_folder / REPORT_FOLDER / name for name in sorted(REPORT_FILES))
    return [path for path in found if path.is_file()]
