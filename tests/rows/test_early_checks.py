"""What is refused of a source at first sight: with the line of those who load it, and without their libraries."""

import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hf_lstm import InputError
from hf_lstm.config import DataConfig
from hf_lstm.data.loading import load_splits
from hf_lstm.rows.early_checks import check_source, refuse_missing

COLUMNS = {"body": ["a film", "a play"], "score9": ["x", "y"]}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "rows.csv").write_text("body,score9\na film,x\na play,y\n")
    (tmp_path / "rows.jsonl").write_text('{"body": "a film", "score9": "x"}\n')
    pq.write_table(pa.table(COLUMNS), tmp_path / "rows.parquet")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "rows.xyz").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "name", ["rows.csv", "rows.jsonl", "rows.parquet", "empty.csv", "rows.xyz", "none.csv", "not one.csv", "./none"]
)
def test_the_line_is_that_of_those_who_load_it(folder, name):
    with pytest.raises(InputError) as early:
        check_source(DataConfig(dataset=name))
    with pytest.raises(InputError) as late:
        load_splits(DataConfig(dataset=name))
    assert str(early.value) == str(late.value)


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl", "rows.parquet"])
def test_named_columns_are_found_and_those_of_a_model_are_waited_for(folder, name):
    check_source(DataConfig(dataset=name, label_column="score9"))
    check_source(DataConfig(dataset=name), has_columns=False)
    with pytest.raises(InputError, match="there is no column 'score8'"):
        check_source(DataConfig(dataset=name, label_column="score8"))


@pytest.mark.parametrize("source", ["sample", ".", "stanfordnlp/imdb", "*.csv", "rows.csv none.csv", "it's"])
def test_what_is_no_single_file_is_left_to_those_who_load_it(folder, source):
    check_source(DataConfig(dataset=source))
    refuse_missing(source)


@pytest.mark.parametrize("dataset", ["rows.csv", "none.csv", "not one.csv"])
def test_a_command_says_it_before_it_imports_what_takes_seconds(folder, dataset):
    code = f"""
import sys
from hf_lstm.cli.train import main
try:
    main(["--dataset", {dataset!r}])
except ValueError as error:
    print(error)
print(sorted({{"torch", "datasets", "pyarrow", "pandas"}} & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    line, imported = run.stdout.splitlines()
    assert ("there is no label column" in line) == (dataset == "rows.csv")
    assert imported == "[]"
    assert not os.path.exists("runs")
