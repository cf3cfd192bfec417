"""`make`: what contributors run is what CI runs."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def make(*arguments):
    if shutil.which("make") is None:
        pytest.skip("needs make")
    return subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_make_alone_lists_every_target():
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1].split()
    assert re.findall(r"^  make (\w+) +\S", make(), re.MULTILINE) == targets


def test_the_static_checks_are_those_of_ci():
    assert make("-n", "check") == ".ci/check\n"
    assert "\n.ci/check\n" in CI


def test_the_tests_are_those_of_ci_and_the_readme():
    (command,) = re.findall(r'^pip install -e "\.\[test\]" && (.*)$', (ROOT / "README.md").read_text(), re.MULTILINE)
    assert make("-n", "test").split() == [command]
    assert make("-n", "test", "TESTS=tests/cli").split() == [command, "tests/cli"]
    assert "grep -m1" in CI
    assert make("-n", "install") == 'pip install -e ".[test]"\n'
