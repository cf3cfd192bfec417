"""Shows what the benchmark is doing: a line that changes in a terminal, a line a stage elsewhere."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from tqdm.auto import tqdm


@contextlib.contextmanager
def show_progress(section: str) -> Iterator[Callable[[str, str], None]]:
    """Give a function that shows the stage of the section on stderr, and whose turn it is.

    A log gets one line a stage, not one a contender: a round is what people wait for.
    """
    if sys.stderr.isatty():
        with tqdm(bar_format="{desc} [{elapsed}]", leave=False) as bar:
            yield lambda stage, name: bar.set_description_str(f"{section}, {stage}: {name}")
        return
    started, shown = time.perf_counter(), ""

    def write(stage: str, name: str) -> None:
        nonlocal shown
        if stage != shown:
            print(f"{section}: {stage} [{time.perf_counter() - started:.0f} s]", file=sys.stderr, flush=True)
            shown = stage

    yield write
