"""A command as a process: what it says of its end, and its exit code."""

import subprocess
import sys

import pytest

CODE = """
import os, signal
from hf_lstm.cli.common.process import run_command_line

class Field:
    def __set_name__(self, owner, name):  # Python makes a RuntimeError of what is raised here
        os.kill(os.getpid(), signal.{name})

def main(argv):
    class Model:
        field = Field()

run_command_line(main)
"""


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130)])
def test_a_signal_that_a_library_makes_an_error_of_ends_the_process_all_the_same(name, code):
    result = subprocess.run([sys.executable, "-c", CODE.format(name=name)], capture_output=True, text=True)
    assert result.returncode == code
    assert result.stderr in ("", "interrupted\n")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        ("OSError(errno.EIO, os.strerror(errno.EIO), 'a.bin')", 2, "error: a.bin cannot be read or written: Input/o"),
        ("OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))", 2, "error: a file cannot be read or written: No space"),
        (
            "OSError(errno.EROFS, os.strerror(errno.EROFS), 'a.bin')",
            2,
            "error: a.bin cannot be read or written: R",
        ),
        (
            "OSError(errno.EACCES, os.strerror(errno.EACCES), 'a.bin')",
            2,
            "error: a.bin cannot be read or written: P",
        ),
        ("OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))", 1, "Traceback"),
    ],
)
def test_a_disk_that_is_full_or_fails_is_told_in_one_line(error, code, said):
    program = f"""
import errno, os
from hf_lstm.cli.common.process import run_command_line

def main(argv):
    raise {error}

run_command_line(main)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == code
    assert result.stderr.startswith(said)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            "torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 752.00 MiB. GPU 0 has\\n79 GiB.')",
            "memory is full (CUDA out of memory. Tried to allocate 752.00 MiB); make batches smaller (train.batch_size",
        ),
        ("_get_cpu_error()", "memory is full ("),
        ("MemoryError()", "memory is full; make batches smaller"),
        ('RuntimeError("can\'t start new thread")', "no thread can be started; end what else runs"),
    ],
)
def test_memory_that_is_full_is_told_in_one_line(error, said):
    program = f"""
import torch
from hf_lstm.cli.common.process import run_command_line

def _get_cpu_error():
    try:
        torch.empty(2**56)
    except RuntimeError as error:
        return error

def main(argv):
    raise {error}

run_command_line(main)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: {said}")
    assert result.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="keeps the working folder of a process")
def test_a_working_folder_that_was_removed_is_told(tmp_path):
    code = "import os; from hf_lstm.cli.common.process import run_command_line; os.rmdir(os.getcwd())"
    command = [sys.executable, "-c", f"{code}; run_command_line(print)"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "error: the working folder was removed; change to another (cd)\n"


def test_what_fails_on_the_way_to_the_end_is_told():
    code = """
import os, signal
from hf_lstm.cli.common.process import run_command_line

def main(argv):
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    finally:
        raise RuntimeError("the state is lost")

run_command_line(main)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 1
    assert "the state is lost" in result.stderr
