"""Scores a large Parquet file with `scripts/predict.py`, and watches its memory.

The question is whether memory grows with the file's rows.
"""

import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarking.harness.machine import read_resident_memory_mb
from benchmarking.harness.spec import Answers, Contender, Figure, Metric, Section
from benchmarking.tasks import RandomModel
from hf_lstm.files.writing import name_partial_stem

FIRST_ROW = 10_000
"""By then, everything is loaded and in use; from here on memory should not grow."""
_PREDICT = Path(__file__).resolve().parents[2] / "predict.py"
_SAMPLING_INTERVAL_S = 0.02
_OURS = "predict.py, stopword-lstm"


@dataclass(frozen=True)
class Sample:
    """Holds the state of the command at some moment."""

    num_rows: int
    """Rows written so far."""
    resident_mb: float


def score_in_bulk(model: RandomModel, texts: list[str], num_rows: int, folder: Path) -> Answers:
    """Yield reviews/s and memory of scoring a large file.

    Reviews/s include start and end. Resident memory is that at a row early on, at the last, and at most in between.
    Each round runs the command as users do, on `texts`, repeated to `num_rows`, in a new file below `folder`.
    """
    model.build().save_pretrained(folder / "model")
    source = folder / "reviews.parquet"
    write_reviews(source, texts, num_rows)
    yield {"file_mb": round(source.stat().st_size / 1e6)}
    while True:
        output = folder / "scored.csv"
        started = time.perf_counter()
        samples = list(watch_command([sys.executable, str(_PREDICT), str(folder / "model"), str(source)], output))
        yield {
            "reviews_per_s": num_rows / (time.perf_counter() - started),
            **summarize_memory(samples, FIRST_ROW, num_rows),
        }
        output.unlink()


def write_reviews(path: Path, texts: list[str], num_rows: int) -> None:
    """Write `texts`, over and over, as a Parquet file.

    It is one row group: what pandas makes of up to a million rows, and hardest to read. Each text is made a line, so
    that rows can be counted in the command's output while it is being written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    lines = [" ".join(text.splitlines()) for text in texts]
    pq.write_table(pa.table({"text": list(itertools.islice(itertools.cycle(lines), num_rows))}), path)


def watch_command(command: list[str], output: Path) -> Iterator[Sample]:
    """Run a command, and yield samples of it until it ends.

    It writes a header, and a line for each row, into `output`.

    Raises:
        RuntimeError: the command fails.
    """
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen([*command, "--output", str(output)], stdout=subprocess.DEVNULL, stderr=errors) as process,
    ):
        try:
            while process.poll() is None and _find_partial(output, process.pid) is None:
                time.sleep(_SAMPLING_INTERVAL_S)
            if (partial := _find_partial(output, process.pid)) is not None:
                with partial.open("rb") as written:
                    yield from _watch_lines(process, written)
            if process.wait():
                errors.seek(0)
                raise RuntimeError(f"predict.py failed: {errors.read().strip().splitlines()[-1:]}")
        finally:
            process.kill()


def _find_partial(output: Path, process_id: int) -> Path | None:
    """Return the file that a process writes into, and gives the output's name at the end; None before it is there."""
    begin = f"{name_partial_stem(output)}{process_id}-"  # the number of a thread follows
    return next((path for path in output.parent.iterdir() if path.name.startswith(begin)), None)


def _watch_lines(process: "subprocess.Popen[bytes]", written: Iterator[bytes]) -> Iterator[Sample]:
    num_lines, resident_mb, is_running = 0, None, True
    while is_running:
        # Asked before the lines are read: rows that are written as the command ends count, with the memory seen last.
        is_running = process.poll() is None
        num_lines += sum(line.endswith(b"\n") for line in written)
        now_mb = read_resident_memory_mb(process.pid)
        resident_mb = resident_mb if now_mb is None else now_mb
        if resident_mb is not None:
            yield Sample(num_rows=max(0, num_lines - 1), resident_mb=resident_mb)
        if is_running:
            time.sleep(_SAMPLING_INTERVAL_S)


def summarize_memory(samples: list[Sample], first_row: int, last_row: int) -> dict[str, float]:
    """Return the memory at the first row, the last, and the peak.

    `first_row` and `last_row` count when they were first seen written. The peak is that between them.

    Raises:
        RuntimeError: one of them was not seen.
    """
    between = [sample for sample in samples if first_row <= sample.num_rows]
    at_last = next((index for index, sample in enumerate(between) if sample.num_rows >= last_row), None)
    if at_last is None:
        seen = max((sample.num_rows for sample in samples), default=0)
        raise RuntimeError(f"only {seen} of {last_row} rows were seen while the command ran")
    return {
        "at_first_row_mb": between[0].resident_mb,
        "at_last_row_mb": between[at_last].resident_mb,
        "peak_mb": max(sample.resident_mb for sample in between[: at_last + 1]),
    }


def build_bulk_scoring(model: RandomModel, texts: list[str], num_rows: int, folder: Path) -> Section:
    """Build the section on scoring a large file.

    The model, the reviews and their scores are written below `folder`.
    """
    at_first, at_last, peak = (
        Metric(contender=_OURS, name=name) for name in ("at_first_row_mb", "at_last_row_mb", "peak_mb")
    )
    return Section(
        title=f"{num_rows:,} reviews from a Parquet file to a CSV, by one command; resident memory at row {FIRST_ROW:,}"
        " and at the last",
        contenders=[
            Contender(
                name=_OURS,
                start=score_in_bulk,
                arguments={"model": model, "texts": texts, "num_rows": num_rows, "folder": folder},
            )
        ],
        figures=[
            Figure(title=f"resident memory at row {FIRST_ROW:,}", of=at_first, unit="MB"),
            Figure(title=f"resident memory at row {num_rows:,}", of=at_last, unit="MB"),
            Figure(title="growth between them", of=at_last, to=at_first, relation="difference", unit="MB", at_most=300),
            Figure(title="growth to the highest in between", of=peak, to=at_first, relation="difference", unit="MB"),
            Figure(
                title="stopword-lstm, file to file, with start and end",
                of=Metric(contender=_OURS, name="reviews_per_s"),
                unit="reviews/s",
            ),
        ],
        settings={"num_reviews": num_rows},
        max_repeats=1,
    )
