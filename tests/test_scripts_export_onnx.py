"""`scripts/export_onnx.py` as users run it."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "export_onnx.py"


def run(*arguments, cwd):
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], cwd=cwd, capture_output=True, text=True, timeout=120
    )


def test_export_says_in_one_line_how_it_agrees(tiny_model_folder, tmp_path):
    result = run(tiny_model_folder.name, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "tiny-model-onnx" / "model.onnx").is_file()
    assert (tmp_path / "tiny-model-onnx" / "tokenizer.json").is_file()
    (line,) = result.stdout.splitlines()
    assert "288 real reviews and beginnings of reviews, 1 to 32 tokens long" in line  # 256 reviews and 32 lengths


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [(["tiny-model", "out.txt"], "ends in .onnx"), (["no-such/model/here"], "neither a folder")],
)
def test_wrong_use_is_one_line(tiny_model_folder, tmp_path, arguments, expected):
    result = run(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert expected in result.stderr
    assert "Traceback" not in result.stderr
