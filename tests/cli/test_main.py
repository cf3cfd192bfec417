"""`hf-lstm`: which command it runs, how fast it answers without one, and what each command calls itself."""

import ast
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import hf_lstm
from hf_lstm.cli.main import COMMANDS, main, run
from hf_lstm.errors import InputError

REPO_ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = (REPO_ROOT / "pyproject.toml").read_text(encoding="utf-8")


@pytest.fixture
def as_installed(monkeypatch):
    """Run in a process that was called `hf-lstm`."""
    monkeypatch.setattr(sys, "argv", ["/usr/local/bin/hf-lstm"])


def test_what_is_installed_runs_this():
    module, function = re.search(r'^hf-lstm = "(\S+):(\S+)"$', PYPROJECT, re.MULTILINE).groups()
    assert getattr(sys.modules[module], function) is run


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_names_each_command(capsys, arguments):
    main(arguments)
    out = capsys.readouterr().out
    assert re.findall(r"^  (\w+) ", out, re.MULTILINE) == list(COMMANDS)


def test_version(capsys):
    main(["--version"])
    assert capsys.readouterr().out == f"hf-lstm {hf_lstm.__version__}\n"
    assert f'\nversion = "{hf_lstm.__version__}"\n' in PYPROJECT


def test_commands_are_the_modules_and_say_what_these_say():
    folder = REPO_ROOT / "hf_lstm" / "cli"
    assert {path.stem for path in folder.glob("[!_]*.py")} == {*COMMANDS, "main"}
    for name, summary in COMMANDS.items():
        docstring = ast.get_docstring(ast.parse((folder / f"{name}.py").read_text()))
        words = docstring.partition("\n")[0].lower().split()
        pairs = zip(words, f"{summary.lower()}.".split(), strict=True)
        assert all(said.startswith(word) for said, word in pairs), name  # "trains a recipe" for "train a recipe"


@pytest.mark.parametrize("arguments", ["--help", "--version"])
def test_an_answer_without_a_command_waits_for_no_library(arguments):
    heavy = "torch numpy pyarrow datasets tokenizers huggingface_hub tqdm".split()
    code = f"""
import sys
from hf_lstm.cli.main import main
main([{arguments!r}])
print(sorted(set({heavy!r}) & set(sys.modules)))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["predcit", "x"], "hf-lstm has no command 'predcit'; did you mean predict or pretrain?"),
        (["nonsense"], "hf-lstm has no command 'nonsense'; there are: train, pretrain, search, predict, "),
        (["--verison"], "hf-lstm has no option '--verison'; did you mean --version"),
    ],
)
def test_what_is_no_command_has_its_nearest_names(arguments, expected):
    with pytest.raises(InputError, match=f"^{re.escape(expected)}"):
        main(arguments)


def test_as_a_module_it_ends_with_one_line_and_exit_code_2():
    command = [sys.executable, "-m", "hf_lstm", "trian"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=REPO_ROOT)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "error: hf-lstm has no command 'trian'; did you mean train or pretrain?\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_calls_a_command_as_it_was_called(as_installed, monkeypatch, capsys, command):
    monkeypatch.setenv("COLUMNS", "60")
    with pytest.raises(SystemExit) as exit_:
        main([command, "--help"])
    assert exit_.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: hf-lstm {command} ")
    examples = re.findall(r"^  (hf-lstm .*)$", out.partition("\nexample")[2], re.MULTILINE)
    assert examples
    assert all(example.startswith(f"hf-lstm {command} ") for example in examples)


def test_a_run_is_recorded_and_continued_by_the_name_it_was_called_by(as_installed, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = [f"film {i} {'good' if i % 2 else 'bad'},{'pos' if i % 2 else 'neg'}" for i in range(60)]
    Path("my reviews.csv").write_text("\n".join(["text,label", *rows]))
    arguments = [
        "--dataset",
        "my reviews.csv",
        "--output-dir",
        "my model",
        "--recipe",
        "pooled-bilstm",
        "--no-baseline",
        "--no-progress",
        "--set",
        "train.num_epochs=1",
    ]
    main(["train", *arguments])
    recorded = json.loads(Path("my model/results.json").read_text())["command"]
    assert shlex.split(recorded) == ["hf-lstm", "train", *arguments]
    heading, *hints = capsys.readouterr().out.splitlines()[-3:]
    assert heading == "saved in my model; try:"
    assert hints == ["  hf-lstm predict 'my model' \"A text to classify.\"", "  hf-lstm evaluate 'my model'"]
    main(shlex.split(hints[0])[1:])
    assert re.fullmatch(r"(pos|neg) [01]\.\d{4}\n", capsys.readouterr().out)
    main(shlex.split(hints[1])[1:])
    assert "saved in reports/my model" in capsys.readouterr().out
