"""Measures saved models and explains their mistakes.

Usage: `python scripts/evaluate.py --help`.
"""

import importlib.util
import os
import sys
from importlib.machinery import PathFinder


def give_way_to_library() -> None:
    """Put the library `evaluate` in the place of this module.

    Any script beside it means to import the library.
    """
    folder = os.path.dirname(os.path.abspath(__file__))
    elsewhere = [path for path in sys.path if os.path.abspath(path) != folder]
    spec = PathFinder.find_spec("evaluate", elsewhere)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("No module named 'evaluate'", name="evaluate")
    library = sys.modules["evaluate"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(library)


if __name__ == "__main__":
    from hf_lstm.cli.common.process import run_command_line
    from hf_lstm.cli.evaluate import main

    run_command_line(main)
elif __name__ == "evaluate":  # imported in place of the library: Python looks into a script's own folder first
    give_way_to_library()
