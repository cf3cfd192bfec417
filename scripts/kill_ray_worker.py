"""Kills `hf-lstm predict --engine ray`, and later one of its workers, and compares all rows with those of one process.

Usage: `python scripts/kill_ray_worker.py --help`.
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hf_lstm.cli.common.arguments import check_output_file
from hf_lstm.cli.common.process import run_command_line
from hf_lstm.extras import require_library
from hf_lstm.shipped import FLAGSHIP
from trials.processes import find_descendants

_ROOT = Path(__file__).resolve().parent.parent
_SAMPLE = _ROOT / "hf_lstm" / "resources" / "sample" / "train.parquet"
_WORKER = b"ray::MapWorker"
_PATIENCE_S = 900


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Score the sample's reviews, over and over, by --engine ray. Kill the command when a quarter of "
        "the parts is there, and start it again; kill a worker at three quarters, and let it end. Compare each "
        "row with that of one process. Needs Linux."
    )
    parser.add_argument("--model", metavar="MODEL", default=str(FLAGSHIP), help="(default: the one that comes along)")
    parser.add_argument("--num-rows", metavar="N", type=int, default=200_000, help="(default: 200000)")
    parser.add_argument("--max-characters", metavar="N", type=int, default=100_000, help="cut reviews to as many")
    parser.add_argument("--workers", metavar="N", type=int, default=2, help="(default: 2)")
    parser.add_argument("--output", metavar="FILE", type=Path, help="write the figures into this JSON file, too")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Score, kill, compare; print and write the figures."""
    arguments = parse_arguments(argv)
    check_output_file(arguments.output)
    require_library("ray")
    from hf_lstm.runtime.memory import WINDOW_TEXTS
    from trials.figures import end_with_figures

    num_parts = -(-arguments.num_rows // WINDOW_TEXTS)
    with tempfile.TemporaryDirectory(prefix="hf-lstm-kill-") as scratch:
        source, scored, alone = (Path(scratch, name) for name in ("reviews.parquet", "scored", "alone.parquet"))
        write_reviews(source, arguments.num_rows, arguments.max_characters)
        engine = ("--engine", "ray", "--workers", str(arguments.workers), "--output", str(scored))
        first = start(arguments.model, source, *engine)
        wait_for_parts(first, scored, num_parts // 4)
        first.kill()
        first.wait()
        num_kept = count_parts(scored)
        second = start(arguments.model, source, *engine)
        wait_for_parts(second, scored, num_parts * 3 // 4)
        num_before = count_parts(scored)
        os.kill(next(find_workers(second.pid)), signal.SIGKILL)
        require_success(second)
        require_success(start(arguments.model, source, "--output", str(alone)))
        differences = compare(scored, alone)
    figures: dict[str, Any] = {
        "num_rows": arguments.num_rows,
        "num_parts": num_parts,
        "num_workers": arguments.workers,
        "parts_when_the_command_was_killed": num_kept,
        "parts_when_a_worker_was_killed": num_before,
        **differences,
    }
    print(*(f"{name}: {value}" for name, value in figures.items()), sep="\n")
    went_wrong = any(differences[key] for key in ("rows_lost", "rows_doubled", "rows_changed", "labels_that_differ"))
    end_with_figures("kill_ray_worker.py", argv, figures, arguments.output, went_wrong=went_wrong)


def write_reviews(path: Path, num_rows: int, max_characters: int) -> None:
    """Write reviews of the sample with a number each, over and over."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = [text[:max_characters] for text in pq.read_table(_SAMPLE)["text"].to_pylist()]
    numbers = range(num_rows)
    pq.write_table(pa.table({"id": numbers, "text": [texts[number % len(texts)] for number in numbers]}), path)


def start(model: str, *arguments: Path | str) -> "subprocess.Popen[bytes]":
    """Start `hf-lstm predict` with as many threads as a worker has, so that both compute alike."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(_ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "hf_lstm", "predict", model, *map(str, arguments)],
        env=environment,
        stdout=subprocess.DEVNULL,
    )


def require_success(process: "subprocess.Popen[bytes]") -> None:
    """Wait for a process, and end this one if it failed."""
    if process.wait() != 0:
        sys.exit(f"{process.args!r} ended with {process.returncode}")


def count_parts(folder: Path) -> int:
    """Return how many parts are scored."""
    return len(list(folder.glob("*.parquet")))


def wait_for_parts(process: "subprocess.Popen[bytes]", folder: Path, number: int) -> None:
    """Wait until so many parts are scored."""
    end = time.monotonic() + _PATIENCE_S
    while count_parts(folder) < max(1, number):
        if process.poll() is not None or time.monotonic() > end:
            sys.exit(f"only {count_parts(folder)} parts were scored; exit code {process.poll()}")
        time.sleep(0.2)


def find_workers(parent: int) -> Iterator[int]:
    """Yield the processes below one that hold a model."""
    for process in find_descendants(parent):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if process.read("cmdline").startswith(_WORKER):
                yield process.number


def compare(scored: Path, alone: Path) -> dict[str, Any]:
    """Compare all parts, joined, with what one process wrote."""
    import numpy as np
    import pyarrow.parquet as pq

    ours = pq.read_table(sorted(scored.glob("*.parquet"))).sort_by("id")
    expected = pq.read_table(alone)
    ids, expected_ids = (table["id"].to_numpy() for table in (ours, expected))
    first = np.unique(ids, return_index=True)[1]
    lost = len(np.setdiff1d(expected_ids, ids))
    matched = ours.take(first)
    if lost:
        return {"rows_lost": lost, "rows_doubled": len(ids) - len(first), "rows_changed": 0, "labels_that_differ": 0}
    texts, labels = (
        np.array(matched[name].to_pylist(), object) != np.array(expected[name].to_pylist(), object)
        for name in ("text", "label")
    )
    scores = np.abs(matched["score"].to_numpy() - expected["score"].to_numpy())
    return {
        "rows_lost": lost,
        "rows_doubled": len(ids) - len(first),
        "rows_changed": int(texts.sum()),
        "labels_that_differ": int(labels.sum()),
        "largest_difference_of_scores": float(scores.max()),
    }


if __name__ == "__main__":
    run_command_line(main)
