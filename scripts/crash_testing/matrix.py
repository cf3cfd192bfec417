"""Kills and fails runs at each call that changes a file, resumes them, and compares what comes of it."""

import json
import os
import random
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from crash_testing.calls import MODES, Calls, run_forked
from crash_testing.run import read_digests, train_in_folder


def run_whole(folder: Path) -> tuple[dict[str, Any], list[str], float]:
    """Run without any fault, and return its digests, the names of its calls, and the seconds it took."""
    names = folder.with_suffix(".json")

    def run() -> None:
        with Calls(folder).watching() as calls:
            train_in_folder(folder)
        names.write_text(json.dumps(calls.names))

    started_s = time.monotonic()
    run_forked(run)
    elapsed_s = time.monotonic() - started_s
    digests = read_digests(folder)
    assert digests is not None
    return digests, json.loads(names.read_text()), elapsed_s


def strike_calls(
    folder: Path, expected: dict[str, Any], names: list[str], numbers: Iterable[int], modes: Iterable[str] = MODES
) -> dict[str, Any]:
    """Strike runs at calls by number in each mode, resume them, and count those that end as the whole run."""
    counts, wrong = Counter[str](), list[str]()
    for number in numbers:
        for mode in modes:

            def run(number: int = number, mode: str = mode) -> None:
                with Calls(folder, number, mode).watching():
                    train_in_folder(folder)

            code = run_forked(run)
            counts[mode] += 1
            if not _ends_well(folder, expected) or (code != -signal.SIGKILL and mode not in ("ENOSPC", "EIO")):
                wrong.append(f"{mode} at call {number}, {names[number]}")
    return {"runs": dict(counts), "wrong": wrong}


def kill_randomly(folder: Path, expected: dict[str, Any], num_kills: int, elapsed_s: float) -> dict[str, Any]:
    """Kill runs at random moments, resume them, and count those that end as the whole run."""
    wrong, num_killed = list[str](), 0
    generator = random.Random(0)
    for number in range(num_kills):
        wait_s = generator.uniform(0, elapsed_s)

        def run(wait_s: float = wait_s) -> None:
            threading.Timer(wait_s, os.kill, (os.getpid(), signal.SIGKILL)).start()
            train_in_folder(folder)

        num_killed += run_forked(run) == -signal.SIGKILL
        if not _ends_well(folder, expected):
            wrong.append(f"kill {number}, after {wait_s:.3f} s")
    return {"runs": num_kills, "killed_before_the_end": num_killed, "wrong": wrong}


def _ends_well(folder: Path, expected: dict[str, Any]) -> bool:
    """Resume a run in a new process, tell whether it came to what the whole run did, and remove it."""
    code = run_forked(lambda: train_in_folder(folder))
    hidden = [name for name in os.listdir(folder) if name.startswith(".")] if folder.is_dir() else []
    is_equal = code == 0 and read_digests(folder) == expected and not hidden
    shutil.rmtree(folder, ignore_errors=True)
    return is_equal
