"""What stands behind the standard streams: a full disk, nothing, or a reader that has gone."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="opens streams as shells of Unix do")

WORK = """
import argparse, os, sys
from hf_lstm.cli.common.process import run_command_line
def main(arguments):
    if arguments == ["--help"]:
        argparse.ArgumentParser(description="word " * 5000).parse_args(arguments)
    if arguments == ["many"]:
        print("x" * 100_000)
    if arguments == ["stdin"]:
        print(len(sys.stdin.buffer.read()), os.fstat(0).st_rdev == os.stat(os.devnull).st_rdev)
    if arguments == ["fails"]:
        open("/no/such/file")
    print("done")
run_command_line(main)
"""
FULL = "error: standard output cannot be written: No space left on device\n"
CLOSED = "error: standard output cannot be written: Bad file descriptor\n"
needs_full = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/dev/full is Linux's")


def run(argument, redirection, *, options="", script=WORK):
    """Run a command in a shell, and return its exit code and what it says."""
    line = f'"$0" {options} -c "$1" {argument} {redirection}'
    done = subprocess.run(["sh", "-c", line, sys.executable, script], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("options", ["", "-u"])
@pytest.mark.parametrize("argument", ["few", "many", "--help"])
@pytest.mark.parametrize(
    ("redirection", "line"),
    [pytest.param("> /dev/full", FULL, marks=needs_full), (">&-", CLOSED)],
    ids=["full disk", "closed"],
)
def test_output_that_cannot_be_written_is_one_line(argument, redirection, line, options):
    assert run(argument, redirection, options=options) == (2, "", line)


@pytest.mark.parametrize("argument", ["many", "--help"])
def test_a_reader_that_goes_away_is_told_nothing(argument):
    code, shown, errors = run(argument, "| head -c 1; true")
    assert (code, len(shown), errors) == (0, 1, "")


def test_without_any_stream_nothing_is_mistaken_for_one():
    assert run("stdin", "<&-") == (0, "0 True\ndone\n", "")
    code, shown, errors = run("fails", "2>&-")
    assert (code, shown, errors) == (1, "", "")


@needs_full
def test_an_error_that_cannot_be_shown_keeps_its_exit_code():
    assert run("few", "> /dev/full 2>&1") == (2, "", "")


def test_other_errors_stay_what_they_are():
    code, shown, errors = run("fails", "")
    assert (code, shown) == (1, "")
    assert errors.endswith("FileNotFoundError: [Errno 2] No such file or directory: '/no/such/file'\n")


def test_names_that_no_encoding_has_are_shown_all_the_same(monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8:strict")  # as where a language is set
    script = WORK.replace('print("done")', r'print("caf\udce9")')
    assert run("few", "", script=script) == (0, "caf\\udce9\n", "")
