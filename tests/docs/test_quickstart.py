"""The notebook that newcomers open first: it runs from top to bottom, and its progress bars leave no litter."""

import re
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

DOCS = Path(__file__).resolve().parents[2] / "docs"
NOTEBOOK = DOCS / "quickstart.ipynb"


@pytest.fixture(scope="module")
def notebook():
    read = nbformat.read(NOTEBOOK, as_version=4)
    (cell,) = [cell for cell in read.cells if "head(1_000)" in cell.source]
    cell.source = cell.source.replace("head(1_000)", "head(200)")  # in less time
    nbclient.NotebookClient(read, timeout=600, resources={"metadata": {"path": str(DOCS)}}).execute()
    return read


def list_shown(notebook, name):
    """The lines that a stream of the notebook shows, where a carriage return overwrites what stood there."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    text = "".join(output["text"] for output in outputs if output.get("name") == name)
    return [line.rpartition("\r")[2].strip() for line in text.split("\n")]


def test_every_cell_runs_and_says_what_it_measured(notebook):
    shown = list_shown(notebook, "stdout")
    assert sum(line.startswith("epoch ") for line in shown) == 2
    assert [re.sub(r"[\d.]+", "N", line) for line in shown if "right" in line] == ["N% of N test texts right"] * 2
    answers = [
        output["data"]["text/plain"]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "data" in output
    ]
    assert "{'label': 'pos'" in answers[0]
    assert "{'label': 'neg'" in answers[0]


def test_bars_of_epochs_vanish_when_they_are_done(notebook):
    assert not [line for line in list_shown(notebook, "stderr") if line.startswith("epoch")]


def test_it_is_committed_without_outputs_and_paths_of_a_machine():
    committed = nbformat.read(NOTEBOOK, as_version=4)
    assert not [cell for cell in committed.cells if cell.get("outputs") or cell.get("execution_count")]
    assert "/home/" not in NOTEBOOK.read_text()
