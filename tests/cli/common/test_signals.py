"""A signal ends a command between any two steps, but not where C code would abort of the exception."""

import signal
import subprocess
import sys

import pytest

from hf_lstm.cli.common.signals import hear_signals
from hf_lstm.runtime.ending import ENDING_SIGNALS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends signals")

STRUCK = """
import os, signal
os.kill(os.getpid(), signal.{name})
print("whole", end=" ")
"""
RUN = """
import importlib, os, pickle, signal, sys
from hf_lstm.cli.common.process import run_command_line

def main(argv):
    try:
        {work}
        while True:
            pass
    finally:
        print("cleaned up")

run_command_line(main)
"""
STRUCK_IN_PYTORCH = """
def strike(frame, event, called):
    global inside
    if event == "c_call" and called.__name__ == "{where}":
        inside = called
    elif event == "call" and inside is not None:
        sys.setprofile(None)
        os.kill(os.getpid(), signal.SIGTERM)

inside = None
sys.setprofile(strike)
"""


def run(code, folder):
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600, cwd=folder)
    return result.returncode, result.stdout.strip(), result.stderr.strip()


@pytest.mark.parametrize(
    ("work", "printed"),
    [
        ("import struck", "cleaned up"),
        ("from struck import name", "cleaned up"),
        ("importlib.import_module('struck')", "cleaned up"),
        ("pickle.loads(b'cstruck\\nos\\n.')", "whole cleaned up"),  # C code, which imports what it reads of
    ],
)
@pytest.mark.parametrize(
    ("name", "code", "said"), [("SIGTERM", 143, ""), ("SIGHUP", 129, ""), ("SIGINT", 130, "interrupted")]
)
def test_modules_are_broken_off_unless_c_code_imports_them(tmp_path, name, code, said, work, printed):
    (tmp_path / "struck.py").write_text(STRUCK.format(name=name))
    assert run(RUN.format(work=work), tmp_path) == (code, printed, said)


# What PyTorch throws where it adds these to its module, nobody catches: the process aborted.
@pytest.mark.parametrize("where", ["_c10d_init", "_multiprocessing_init"])
def test_pytorch_does_not_abort_of_a_signal_while_it_is_imported(tmp_path, where):
    code = STRUCK_IN_PYTORCH.format(where=where) + RUN.format(work="import torch")
    assert run("import os, signal, sys\n" + code, tmp_path) == (143, "cleaned up", "")


@pytest.mark.parametrize("ignored", [signal.SIGINT, ENDING_SIGNALS[-1]])
def test_who_ignores_ctrl_c_or_the_end_of_a_terminal_goes_on_ignoring_it(ignored):
    before = {number: signal.getsignal(number) for number in ENDING_SIGNALS}
    try:
        signal.signal(ignored, signal.SIG_IGN)
        hear_signals()
        assert signal.getsignal(ignored) is signal.SIG_IGN
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
