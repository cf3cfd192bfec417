"""An install without extras: what it does, and the one line that says what to install for the rest."""

import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hf_lstm import LSTMSentiment
from hf_lstm.cli.common.process import run_command_line
from hf_lstm.extras import explain_missing_library, name_install_command
from hf_lstm.hub.cards import card

SUPPORT = str(Path(__file__).resolve().parent / "support")
PYPROJECT = (Path(__file__).resolve().parent.parent / "pyproject.toml").read_text(encoding="utf-8")
EXTRAS = "datasets pyarrow pandas evaluate jinja2 matplotlib gradio gradio_client onnx onnxruntime transformers".split()

RUN_COMMANDS = """
import contextlib, io, json, sys

support, missing, commands = json.loads(sys.stdin.read())
sys.path.append(support)
from hidden_libraries import hide_libraries
hide_libraries(missing)
from hf_lstm.cli.common import process as common
from hf_lstm.cli.main import main
common.ends_in_time = contextlib.nullcontext  # this process runs several commands
for command in commands:
    sys.argv = ["hf-lstm", *command]
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            common.run_command_line(main)
        except SystemExit as exit_:
            code = exit_.code
    print(json.dumps([code, output.getvalue(), errors.getvalue()]))
"""


def run_without(missing, commands, folder):
    """Run commands in one process that finds none of the libraries `missing`; their exit codes, output and errors."""
    result = subprocess.run(
        [sys.executable, "-c", RUN_COMMANDS],
        input=json.dumps([SUPPORT, missing, commands]), cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_without_extras_texts_are_scored_and_the_rest_says_what_to_install(tiny_model_folder, tmp_path):
    (tmp_path / "reviews.csv").write_text("id,review\n1,a great film\n2,a dull film\n")
    (tmp_path / "reviews.jsonl").write_text('{"text": "a great film"}\n')
    (tmp_path / "reviews.txt").write_text("a great film\n")
    (tmp_path / "reviews.parquet").write_bytes(b"any")
    before = sorted(path.name for path in tmp_path.iterdir())
    train, demo, onnx = (f"'hf-lstm[{extra}]'" for extra in ("train", "demo", "onnx"))
    refused = {
        ("train", "--dataset", "sample"): ("datasets", train),
        ("evaluate", "tiny-model"): ("datasets", train),
        ("export", "tiny-model"): ("onnx", onnx),
        ("serve", "tiny-model"): ("gradio", demo),
        ("predict", "tiny-model", "reviews.parquet"): ("pyarrow", "pyarrow"),
    }
    scored = [["predict", "tiny-model", text] for text in ("a film", "reviews.csv", "reviews.jsonl", "reviews.txt")]
    *answers, shown = run_without(EXTRAS, [*refused, *scored, ["train", "--help"]], tmp_path)
    for answer, (library, install) in zip(answers, refused.values(), strict=False):
        expected = f"error: this needs {library}, which is not installed; run pip install {install}\n"
        assert answer == [2, "", expected]
    assert [(code, len(output.splitlines())) for code, output, _ in answers[len(refused) :]] == [
        (0, 1), (0, 2), (0, 1), (0, 1),
    ]  # fmt: skip
    assert shown[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_library_that_is_missing_alone_is_named(tiny_model_folder, tmp_path):
    (answer,) = run_without(["onnxruntime"], [["export", "tiny-model"]], tmp_path)
    assert answer[0] == 2
    assert answer[2].startswith("error: this needs onnxruntime, which")


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("datasets", "this needs datasets, which is not installed; run pip install 'hf-lstm[train]'"),
        ("gradio.themes", "this needs gradio, which is not installed; run pip install 'hf-lstm[demo]'"),
        ("hf_lstm.nowhere", None),
        (None, None),
    ],
)
def test_only_what_is_of_an_extra_is_explained(module, expected):
    explained = explain_missing_library(ModuleNotFoundError("No such module", name=module))
    assert (None if explained is None else str(explained)) == expected


def test_a_bug_of_ours_is_no_missing_extra(monkeypatch):
    monkeypatch.setattr("signal.signal", lambda *arguments: None)

    def import_nothing(argv):
        raise ModuleNotFoundError("No module named 'hf_lstm.nowhere'", name="hf_lstm.nowhere")

    with pytest.raises(ModuleNotFoundError):
        run_command_line(import_nothing)


@pytest.mark.parametrize("library", ["datasets", "evaluate", "jinja2", "matplotlib", "gradio", "onnx", "onnxruntime"])
def test_an_extra_installs_what_it_is_said_to(library):
    extra = re.fullmatch(r"pip install 'hf-lstm\[(\w+)\]'", name_install_command(library))[1]
    requirements = re.search(rf"^{extra} = \[(.*?)^\S|^{extra} = \[(.*)\]", PYPROJECT, re.MULTILINE | re.DOTALL)[0]
    assert f'"{library}>=' in requirements


def test_a_model_is_saved_without_a_card_where_jinja2_is_missing(tiny_model, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(card, "is_installed", lambda library: library != "jinja2")
    card._warn_without_jinja2.cache_clear()
    with caplog.at_level(logging.WARNING):
        for name in ("first", "second"):
            tiny_model.save_pretrained(tmp_path / name)
            assert not (tmp_path / name / "README.md").exists()
            LSTMSentiment.from_pretrained(tmp_path / name).predict("a film")
    assert caplog.messages == ["the model card is not written: it needs jinja2, so run pip install 'hf-lstm[train]'"]


def test_python_names_the_extra_too(tmp_path):
    code = f"""
import sys
sys.path.append({SUPPORT!r})
from hidden_libraries import hide_libraries
hide_libraries(["datasets"])
import hf_lstm
try:
    hf_lstm.train
except hf_lstm.InputError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout == "this needs datasets, which is not installed; run pip install 'hf-lstm[train]'\n"


@pytest.mark.parametrize(
    ("module", "missing", "extra"),
    [
        ("sklearn", "sklearn", "train"),
        ("sklearn", "datasets", "train"),
        ("transformers",) * 3,
    ],
)
def test_a_module_of_an_extra_says_what_to_install(module, missing, extra):
    code = f"""
import sys
sys.path.append({SUPPORT!r})
from hidden_libraries import hide_libraries
hide_libraries([{missing!r}])
try:
    import hf_lstm.{module}
except ModuleNotFoundError as error:
    print(error.name, error, sep="|")
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert told == f"{missing}|this needs {missing}, which is not installed; run pip install 'hf-lstm[{extra}]'"
