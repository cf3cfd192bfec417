"""The README keeps its word: its commands are the ones run, its tree is the tree, its figures are measured."""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_tree_gives_each_module_its_docstring():
    modules = [path for folder in ("hf_lstm", "scripts", "space") for path in (ROOT / folder).glob("*.py")]
    for path in modules:
        summary = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()[0].rstrip(".")
        name = re.escape(path.relative_to(ROOT).as_posix())
        assert re.search(rf"^{name} +{re.escape(summary)}$", README, re.MULTILINE), path.name


def test_the_set_up_commands_are_there():
    assert "pip install -e . && python scripts/train.py --dataset sample" in README
    assert 'pip install -e ".[test]" && pytest' in README


@pytest.mark.parametrize("path", sorted((ROOT / "results").glob("*-seed*.json")), ids=lambda path: path.stem)
def test_figures_of_runs_are_those_of_their_results(path):
    results = json.loads(path.read_text(encoding="utf-8"))
    (row,) = [line for line in README.splitlines() if f"(results/{path.name})" in line]
    cells = [cell.strip() for cell in row.split("|")]
    seed = int(path.stem.split("seed")[1])
    assert cells[1] == f"`{results['recipe']}`"
    assert cells[2].split(" / ")[seed] == f"{100 * results['splits']['test']['accuracy']:.2f}"
    assert cells[4].split(" / ")[seed] == f"{100 * results['splits']['validation']['accuracy']:.2f}"
    assert cells[6] == f"{results['model']['num_parameters']:,}"
    assert results["seed"] == seed
