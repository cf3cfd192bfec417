"""The parts of scripts/mutation_testing.py: which changes there are, and what comes of one."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRY = """
import sys
from pathlib import Path
from trials.mutants.runs import try_mutant
file, test, limit_s = Path(sys.argv[1]), sys.argv[2], 60
source = file.read_text()
for code in (source, source.replace("def can_show_bars", "def no"), source + "\\nwhile True: pass\\n"):
    print(try_mutant(file, code, [test], 3 if "while True" in code else limit_s))
print(try_mutant(None, "", [test], limit_s))
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
    first, second, third, *said, last = result.stdout.splitlines()
    assert [first, second, third, last] == ["survived", "killed", "timed out", "survived"]
    assert any("1 passed" in line for line in said)  # without a file, the tests say what they find
    assert file.read_bytes() == before


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
