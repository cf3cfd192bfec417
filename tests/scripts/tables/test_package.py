"""Lists of the package: its tree, its settings and its recipes."""

from pathlib import Path

import pytest
from computed_tables import read_cells

from hf_lstm.errors import InputError
from tables.package.commands import format_commands
from tables.package.recipes import format_recipes
from tables.package.settings import format_settings
from tables.package.tree import format_tree

ROOT = Path(__file__).resolve().parents[3]


def test_a_script_without_a_purpose_and_a_purpose_without_a_script_are_named(tmp_path):
    (tmp_path / "scripts").mkdir()
    for script in (ROOT / "scripts").glob("*.py"):
        (tmp_path / "scripts" / script.name).write_text(f'"""Does {script.stem}.\n\nMore."""\n')
    assert "- [`train.py`](train.py): does train.\n" in format_commands(tmp_path)
    (tmp_path / "scripts" / "train.py").rename(tmp_path / "scripts" / "idle.py")
    with pytest.raises(InputError, match=r"commands\.py: idle, train: expected each script under one purpose"):
        format_commands(tmp_path)


def test_the_tree_gives_each_module_and_package_its_docstring(tmp_path):
    (tmp_path / "scripts" / "parts").mkdir(parents=True)
    (tmp_path / "scripts" / "go.py").write_text('"""Goes.\n\nFar.\n"""\n')
    (tmp_path / "scripts" / "parts" / "__init__.py").write_text('"""What goes."""\n')
    (tmp_path / "scripts" / "parts" / "wheel.py").write_text('"""Turns."""\n')
    assert format_tree(tmp_path) == "```\nscripts/go.py   Goes\nscripts/parts/  What goes\n```"


def test_settings_have_their_default_their_values_and_their_doc():
    lines = format_settings(ROOT).splitlines()
    assert "| `train.weight_decay` | `0.0` | number | Shrinks weights at every step, against overfitting" in (
        next(line for line in lines if "train.weight_decay" in line)
    )
    assert any(line.startswith("| `model.bidirectional` | `false` | `true`, `false` |") for line in lines)
    assert any(line.startswith("| `train.patience` | `none` | whole number, `none` | Stop after") for line in lines)
    assert any(line.startswith("| `train.schedule` | `constant` | `constant`, `linear`, `cosine` |") for line in lines)
    assert not any("`model.vocab_size`" in line for line in lines)  # only the data can tell


def test_recipes_are_what_they_change_of_the_defaults_or_of_another():
    rows = read_cells(format_recipes(ROOT))
    changes = {name.strip("`"): row["settings, beside the defaults or another recipe's"] for name, row in rows.items()}
    assert changes["packed-lstm-glove-frozen"] == "`packed-lstm-glove` with `train.freeze_embeddings=true`"
    assert changes["pooled-bilstm"].startswith("`data.validation_fraction=0.1`, `tokenizer.min_count=2`")
    assert "train.max_grad_norm=none" in changes["keras-lstm"]
    assert "&lt;unk>" in rows["`stopword-lstm`"]["system"]
