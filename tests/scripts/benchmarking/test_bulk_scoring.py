"""The bulk section of the benchmark: rows are counted as they are written, while the command runs and is watched."""

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmarking.harness.machine import read_resident_memory_mb
from benchmarking.sections.bulk_scoring import Sample, summarize_memory, watch_command, write_reviews

PREDICT = Path(__file__).resolve().parents[3] / "scripts" / "predict.py"


def test_memory_is_taken_where_a_row_is_first_seen_written():
    samples = [Sample(0, 900), Sample(12, 5), Sample(15, 9), Sample(20, 7), Sample(20, 800)]
    expected = {"at_first_row_mb": 5, "at_last_row_mb": 7, "peak_mb": 9}
    assert summarize_memory(samples, first_row=10, last_row=20) == expected


def test_rows_that_were_not_seen_are_no_measurement():
    with pytest.raises(RuntimeError, match="only 12 of 20 rows"):
        summarize_memory([Sample(12, 5)], first_row=10, last_row=20)


def test_the_file_repeats_the_reviews_a_line_each_in_one_row_group(tmp_path):
    write_reviews(tmp_path / "reviews.parquet", ["good", "so\nbad"], 5)
    with pq.ParquetFile(tmp_path / "reviews.parquet") as file:
        assert file.metadata.num_row_groups == 1
        assert file.read()["text"].to_pylist() == ["good", "so bad", "good", "so bad", "good"]


def test_the_command_is_watched_to_its_last_row(tmp_path, tiny_model_folder):
    write_reviews(tmp_path / "reviews.parquet", ["a good film", "bad"], 2_000)
    command = [sys.executable, str(PREDICT), str(tiny_model_folder), str(tmp_path / "reviews.parquet")]
    samples = list(watch_command(command, tmp_path / "scored.csv"))
    assert samples[-1].num_rows == 2_000
    assert all(sample.resident_mb > 50 for sample in samples)  # it holds PyTorch
    assert len((tmp_path / "scored.csv").read_text().splitlines()) == 2_001


WRITES_AND_ENDS = """
import os, sys, time
folder, name = os.path.split(sys.argv[-1])
file = open(os.path.join(folder, f".{name}.{os.getpid()}-1.partial"), "wb", buffering=0)
file.write(b"header\\n")
for num_rows in (10, 20):
    file.write(b"row\\n" * num_rows)
    while not os.path.exists(os.path.join(folder, f"seen-{num_rows}")):
        time.sleep(0.01)
file.write(b"row\\n" * 30)
os._exit(0)
"""


def test_rows_are_seen_as_they_are_written_and_those_of_the_end_too(tmp_path):
    seen = []
    for sample in watch_command([sys.executable, "-c", WRITES_AND_ENDS], tmp_path / "scored.csv"):
        seen.append(sample.num_rows)
        if sample.num_rows in (10, 30):  # only then does it go on
            (tmp_path / f"seen-{min(sample.num_rows, 20)}").touch()
    assert sorted(set(seen) - {0}) == [10, 30, 60]


def test_a_command_that_fails_is_reported(tmp_path):
    with pytest.raises(RuntimeError, match="there is no such file"):
        list(watch_command([sys.executable, str(PREDICT), "model", "no/such.csv"], tmp_path / "scored.csv"))


def test_an_ended_process_has_no_memory():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
        assert read_resident_memory_mb(process.pid) is None
