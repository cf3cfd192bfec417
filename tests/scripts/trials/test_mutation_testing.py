"""The parts of scripts/mutation_testing.py: which changes there are, and what comes of one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TRY = """
import sys
from pathlib import Path
from trials.mutants.runs import try_mutant
file, test, limit_s = Path(sys.argv[1]), sys.argv[2], 600
source = file.read_text()
for code in (source, source.replace("def can_show_bars", "def no"), source + "\\nwhile True: pass\\n"):
    print(try_mutant(file, code, [test], 3 if "while True" in code else limit_s))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks")
def test_a_change_is_noticed_survives_or_never_ends_and_no_file_is_touched(tmp_path):
    (tmp_path / "test_any.py").write_text(
        "def test_any():\n    from hf_lstm.progress import can_show_bars\n\n    assert not can_show_bars()\n"
    )
    file = ROOT / "hf_lstm" / "progress.py"
    before = file.read_bytes()
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'scripts'}", "PATH": ""}
    command = [sys.executable, "-c", TRY, str(file), str(tmp_path / "test_any.py")]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=True)
    assert result.stdout.split("\n")[:-1] == ["survived", "killed", "timed out"]
    assert file.read_bytes() == before


COVER = """
import sys
from pathlib import Path
from trials.mutants.covering import measure_covering
covering = measure_covering([Path(sys.argv[1]).absolute()], [sys.argv[2]])
print(covering.by_line, list(covering.seconds))
print(measure_covering([], [sys.argv[3]]))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks")
def test_the_lines_of_each_test_are_found(tmp_path):
    pytest.importorskip("coverage")
    (tmp_path / "code_.py").write_text("def one(x):\n    return x\n\n\ndef two(x):\n    return x\n")
    (tmp_path / "test_code.py").write_text(
        "import sys\nsys.path.insert(0, '.')\nfrom code_ import one\n\n\n"
        "def test_one():\n    assert one(1)\n\n\ndef test_none():\n    pass\n"
    )
    (tmp_path / "test_fails.py").write_text("def test_it():\n    assert 0\n")
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'scripts'}", "PATH": ""}
    command = [sys.executable, "-c", COVER, "code_.py", "test_code.py", "test_fails.py"]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=True)
    shown = result.stdout.splitlines()
    tests = ["test_code.py::test_one", "test_code.py::test_none"]
    code = os.path.relpath(tmp_path / "code_.py", ROOT)
    assert f"{ {code: {1: [], 2: tests[:1], 5: []}} } {tests}" in shown
    assert shown[-1] == "None"


def test_who_runs_the_function_is_tried_first_and_then_the_whole_files():
    from trials.mutants.covering import Covering, find_function

    file = ROOT / "hf_lstm" / "progress.py"
    text = file.read_text()
    line = text[: text.index("shell = ")].count("\n") + 1  # within `is_notebook`
    first, last = find_function(text, line)[0], find_function(text, line)[-1]
    assert "runs in a notebook" in text.splitlines()[first - 1]
    assert text.splitlines()[last - 1].strip().startswith("return type(shell)")
    assert not find_function(file.read_text(), 1)
    seconds = {"a.py::slow": 3.0, "a.py::fast": 1.0, "a.py::before": 0.5, "a.py::other": 7.0, "b.py::other": 9.0}
    by_line = {first: ["a.py::before", "a.py::fast"], line: ["a.py::slow", "a.py::fast"], last + 3: ["b.py::other"]}
    rounds = Covering({"hf_lstm/progress.py": by_line}, seconds).list_rounds(file, line)
    named = [([test.removeprefix(f"{ROOT}/") for test in tests], took_s) for tests, took_s in rounds]
    assert named == [(["a.py::fast", "a.py::slow", "a.py::before"], 4.5), (["a.py"], 11.5)]
    everything = Covering({}, seconds).list_rounds(file, line)
    assert [took_s for _, took_s in everything] == [20.5]


def test_changes_are_within_functions_and_a_larger_sample_begins_with_a_smaller_one():
    pytest.importorskip("mutmut")
    from trials.mutants.changes import AREAS, draw, list_changes

    changes = list_changes("checkpointing")
    assert {change.file.parent.name for change in changes} == {"storage"}
    assert draw(changes, 3, 0) == draw(changes, 9, 0)[:3] != draw(changes, 3, 1)
    said = draw(changes, 1, 0)[0].describe()
    assert said["before"] != said["after"]
    for area in AREAS.values():
        assert all((ROOT / test).exists() for test in area.tests)
        assert area.list_files()


def test_an_outcome_that_was_cut_short_is_found_again(tmp_path):
    from mutation_testing import read_outcomes

    kept = tmp_path / "kept.jsonl"
    assert read_outcomes(kept) == {}
    kept.write_text('{"mutant": "a.py 0", "outcome": "killed"}\n{"mutant": "a.py 1", "out')
    assert read_outcomes(kept) == {"a.py 0": "killed"}
    with kept.open("a") as file:
        file.write('{"mutant": "a.py 1", "outcome": "survived"}\n')
    assert read_outcomes(kept) == {"a.py 0": "killed", "a.py 1": "survived"}
