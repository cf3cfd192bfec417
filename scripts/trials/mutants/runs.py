"""Runs the tests on a mutant, in a fork that has imported the large libraries already."""

import importlib.machinery
import math
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import CodeType
from typing import NoReturn

from trials.signals import heed_ctrl_c

ROOT = Path(__file__).resolve().parents[3]
KILLED, TIMED_OUT, SURVIVED = "killed", "timed out", "survived"
_CHECK_S = 0.05
_MAX_WAITING = 5
"""Times the limit of computing: other work may keep the machine busy, and some mutants wait for ever."""
_OPTIONS = (
    "-x",
    "-o", "addopts=--import-mode=importlib",  # without the two processes of the whole suite
    "-p", "no:xdist",
    "-p", "no:cacheprovider",
    "--hypothesis-seed=0",
)  # fmt: skip


def import_libraries() -> None:
    """Import what forks need and no test changes: neither our package, nor the Hub's client, which reads variables."""
    import hypothesis  # noqa: F401
    import numpy as np  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import pytest  # noqa: F401
    import sklearn.linear_model  # noqa: F401
    import torch

    torch.set_num_threads(1)


def try_mutant(file: Path, code: str, tests: Sequence[str], limit_s: float) -> str:
    """Run tests where the package's `file` has other code, and say what came of it.

    Args:
        file: whose code is replaced, in a fork alone.
        code: of it.
        tests: for pytest, which stops at the first that fails.
        limit_s: of computing, after which the tests are ended: many mutants never end.
    """

    def prepare() -> None:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        _replace_code(file, code)

    return try_tests(tests, prepare, limit_s=limit_s)


def try_tests(
    tests: Sequence[str], prepare: Callable[[], None], *, limit_s: float = math.inf, plugins: Sequence[object] = ()
) -> str:
    """Run tests in a fork, up to the first that fails, and say what came of them.

    Args:
        tests: for pytest.
        prepare: what the fork does first.
        limit_s: of computing, after which the tests are ended.
        plugins: of pytest.
    """
    child = os.fork()
    if child == 0:
        _run_tests(tests, prepare, plugins, limit_s)
    ends_at_s = time.monotonic() + _MAX_WAITING * limit_s
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return TIMED_OUT if code == -signal.SIGXCPU else KILLED if code else SURVIVED
        if time.monotonic() > ends_at_s:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return TIMED_OUT
        time.sleep(_CHECK_S)


def _run_tests(
    tests: Sequence[str], prepare: Callable[[], None], plugins: Sequence[object], limit_s: float
) -> NoReturn:
    """Run the tests, and end this process with their exit code."""
    exit_code = 1
    try:
        os.setpgrp()  # so that what tests start can be ended with them
        heed_ctrl_c()
        if limit_s < math.inf:
            resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(limit_s), resource.RLIM_INFINITY))
        prepare()
        import pytest

        exit_code = int(pytest.main([*tests, *_OPTIONS], plugins))
    finally:
        sys.stdout.flush()  # os._exit does not
        os._exit(exit_code)


def _replace_code(file: Path, code: str) -> None:
    """Have a module of the package imported from `code`, and not from its file, which stays as it is."""
    assert not any(name.split(".")[0] == "hf_lstm" and name.count(".") > 1 for name in sys.modules)
    loader = importlib.machinery.SourceFileLoader
    get_code = loader.get_code

    def get_mutated_code(self: importlib.machinery.SourceFileLoader, name: str) -> CodeType | None:
        if Path(self.path) == file:
            return compile(code, self.path, "exec", dont_inherit=True)
        return get_code(self, name)

    setattr(loader, "get_code", get_mutated_code)  # noqa: B010  # mypy has another type for it
