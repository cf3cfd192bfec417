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
from hf_lstm.rows.early_checks import check_source, check_unlabeled, refuse_missing

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


def run_in_python(command, arguments):
    """Run a command in a process of its own; return its error, and which large libraries it has imported."""
    code = f"""
import sys
from hf_lstm.cli.{command} import main
try:
    main({arguments!r})
except ValueError as error:
    print(error)
print(sorted({{"torch", "datasets", "pyarrow", "pandas"}} & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not os.path.exists("runs")
    return run.stdout.splitlines()


@pytest.mark.parametrize("dataset", ["rows.csv", "none.csv", "not one.csv"])
def test_a_command_says_it_before_it_imports_what_takes_seconds(folder, dataset):
    line, imported = run_in_python("train", ["--dataset", dataset])
    assert ("there is no label column" in line) == (dataset == "rows.csv")
    assert imported == "[]"


@pytest.mark.parametrize(
    ("command", "arguments", "said"),
    [
        ("pretrain", ["--unlabeled", "none.csv"], "none.csv: there is no such file"),
        ("pretrain", ["--unlabeled", "rows.csv", "--text-column", "notes"], "there is no column 'notes'"),
        (
            "train",
            ["--teacher", "ngrams", "--unlabeled", "none.csv"],
            "train.unlabeled: none.csv: there is no such file",
        ),
        ("search", ["--teacher", "ngrams", "--unlabeled", "a/b"], "train.unlabeled: a/b: there is no such file"),
    ],
)
def test_so_it_does_of_texts_without_labels(folder, command, arguments, said):
    if command != "pretrain":
        arguments = ["--dataset", "sample", *arguments]
    line, imported = run_in_python(command, arguments)
    assert said in line
    assert "pipe it in" not in line
    assert imported == "[]"


def test_a_file_of_texts_without_labels_has_a_text_column(folder):
    (folder / "one.csv").write_text("numbers\n1\n")
    check_unlabeled("rows.csv", DataConfig(text_column="body"), "train.unlabeled")
    for name in (None, "auto", "a_split"):
        check_unlabeled(name, DataConfig(), "train.unlabeled")
    check_unlabeled("one.csv", DataConfig(), "train.unlabeled", has_columns=False)
    with pytest.raises(InputError, match="there is no text column"):
        check_unlabeled("one.csv", DataConfig(), "train.unlabeled")
    (folder / "lines.txt").write_text("a film\n")
    check_unlabeled("lines.txt", DataConfig(text_column="body"), "train.unlabeled")
    with pytest.raises(InputError, match=r"a \.txt file has no columns"):
        check_unlabeled("lines.txt", DataConfig(text_column="body"), "pretrain.unlabeled", has_dataset=False)
