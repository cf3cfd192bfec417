"""Measures saved models and explains their mistakes.

Usage: `python scripts/evaluate.py --help`.
"""

import importlib.util
import sys
from importlib.machinery import PathFinder


def give_way_to_library() -> None:
    """Put the library `evaluate` in the place of this module.

    Any script beside it means to import the library. That is a package, as no script is: another checkout's, which
    stands on the path, too, would give way to this one, and so on.
    """
    for path in sys.path:
        spec = PathFinder.find_spec("evaluate", [path])
        if spec is not None and spec.loader is not None and spec.origin is not None and spec.submodule_search_locations:
            library = sys.modules["evaluate"] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(library)
            return
    raise ModuleNotFoundError("No module named 'evaluate'", name="evaluate")


if __name__ == "__main__":
    from hf_lstm.cli.common.process import run_command_line
    from hf_lstm.cli.evaluate import main

    run_command_line(main)
elif __name__ == "evaluate":  # imported in place of the library: Python looks into a script's own folder first
    give_way_to_library()
