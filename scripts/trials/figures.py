"""Writes the figures of a test of faults."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hf_lstm.cli.common.process import EXIT_ERROR
from hf_lstm.files.writing import write_json


def end_with_figures(
    script: str, argv: Sequence[str], figures: Mapping[str, Any], output: Path | None, *, went_wrong: bool
) -> None:
    """Write what was found into the file of `--output`, if there is one, and end if a fault was not survived.

    Args:
        script: the name of its file, in `scripts`.
        argv: its arguments.
        figures: for the file, after the command.
        output: the file.
        went_wrong: whether to end with `EXIT_ERROR`.
    """
    if output is not None:
        write_json(output, {"command": f"python scripts/{script} {shlex.join(argv)}".rstrip(), **figures})
        print(f"saved in {output}")
    if went_wrong:
        sys.exit(EXIT_ERROR)
