"""Progress bars: for those who look on, and for nobody else."""

import contextlib
import io
import os
import pty
import subprocess
import sys
from types import SimpleNamespace

import datasets
import pytest
from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

from hf_lstm.progress import can_show_bars, dataset_bars, hub_bars


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("stream", "expected"), [(Terminal(), True), (io.StringIO(), False), (None, False)])
def test_bars_are_for_terminals(monkeypatch, stream, expected):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", stream)
    assert can_show_bars() == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"), [("TERM", "dumb", False), ("TQDM_DISABLE", "1", False), ("TQDM_DISABLE", "", True)]
)
def test_bars_are_for_terminals_and_users_that_take_them(monkeypatch, name, value, expected):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(name, value)
    assert can_show_bars() == expected


def test_a_closed_stream_is_no_terminal(monkeypatch):
    stream = io.StringIO()
    stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    assert not can_show_bars()


@pytest.mark.parametrize(("shell", "expected"), [("ZMQInteractiveShell", True), ("TerminalInteractiveShell", False)])
def test_bars_are_for_notebooks(monkeypatch, shell, expected):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    shell = type(shell, (), {})()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert can_show_bars() == expected


@pytest.mark.parametrize("shown", [True, False])
@pytest.mark.parametrize("before", [True, False])
def test_a_program_has_its_own_bars_again(shown, before):
    (datasets.enable_progress_bars if before else datasets.disable_progress_bars)()
    try:
        with dataset_bars(shown):
            assert datasets.are_progress_bars_disabled() != shown
        assert datasets.are_progress_bars_disabled() != before
    finally:
        datasets.enable_progress_bars()


@pytest.mark.parametrize("is_terminal", [True, False])
@pytest.mark.parametrize("is_disabled", [True, False])
def test_the_bars_of_the_hub_are_for_terminals_and_come_back(monkeypatch, is_terminal, is_disabled):
    monkeypatch.setattr("hf_lstm.progress.can_show_bars", lambda: is_terminal)
    for module in ("constants", "utils.tqdm"):  # as if the environment said nothing
        monkeypatch.setattr(sys.modules[f"huggingface_hub.{module}"], "HF_HUB_DISABLE_PROGRESS_BARS", None)
    (disable_progress_bars if is_disabled else enable_progress_bars)()
    try:
        with hub_bars():
            assert are_progress_bars_disabled() == (is_disabled or not is_terminal)
        assert are_progress_bars_disabled() == is_disabled
    finally:
        enable_progress_bars()


def test_a_long_list_shows_a_bar_on_a_terminal_alone(tiny_model_folder):
    code = f"""
import os, sys
from hf_lstm import LSTMSentiment
model = LSTMSentiment.from_pretrained({str(tiny_model_folder)!r})
model.predict(["a film"] * 1000)
os.dup2(int(sys.argv[1]), 2)
model.predict(["a film"] * 1000)
"""
    (pipe, into_pipe), (terminal, into_terminal) = os.pipe(), pty.openpty()
    command = [sys.executable, "-c", code, str(into_terminal)]
    with subprocess.Popen(command, stderr=into_pipe, pass_fds=[into_terminal]) as process:
        os.close(into_pipe)
        os.close(into_terminal)
        assert b"".join(read_all(pipe)) == b""
        assert b"".join(read_all(terminal)) != b""  # it has no columns, so that the bar is an empty line
    assert process.returncode == 0


def read_all(reader):
    with contextlib.suppress(OSError), open(reader, "rb", buffering=0) as file:  # the end of a terminal is an error
        while part := file.read(10_000):
            yield part
