"""`hf-lstm export`, by the script that runs it: what it writes and refuses."""

import re
from pathlib import Path

import pytest

from hf_lstm.cli.export import parse_arguments
from hf_lstm.shipped import FLAGSHIP

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "export_onnx.py"


def test_export_says_in_one_line_how_it_agrees(run_script, tiny_model_folder, tmp_path):
    result = run_script(SCRIPT, tiny_model_folder.name)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "tiny-model-onnx" / "model.onnx").is_file()
    assert (tmp_path / "tiny-model-onnx" / "tokenizer.json").is_file()
    (line,) = result.stdout.splitlines()
    assert "288 real reviews and beginnings of reviews, 1 to 32 tokens long" in line  # 256 reviews and 32 lengths


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["tiny-model", "out.onnx", "--browser", "page"], "expected one of both"),
        (["tiny-model", "out.txt"], "ends in .onnx"),
        (["no-such/model/here"], "neither a folder"),
    ],
)
def test_wrong_use_is_one_line(run_script, tiny_model_folder, arguments, expected):
    result = run_script(SCRIPT, *arguments)
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert expected in line


def test_a_page_is_written_with_all_that_it_needs(run_script, tiny_model_folder, tmp_path):
    result = run_script(SCRIPT, tiny_model_folder.name, "--browser", "page")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("saved page/index.html, 0.0 MB")
    page = (tmp_path / "page" / "index.html").read_text()
    for name in re.findall(r'(?:src|href)="([\w.]+)"', page):
        assert (tmp_path / "page" / name).is_file()
    assert "http" not in page


def test_a_page_is_of_the_model_that_comes_along_unless_another_is_named():
    assert parse_arguments(["--browser", "page"]).model == str(FLAGSHIP)
    with pytest.raises(SystemExit, match="2"):
        parse_arguments([])
