"""The hint how to go on with a run that was stopped."""

import pytest

from hf_lstm.cli.common.resuming import name_start

TORCHRUN = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "4", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"}


@pytest.mark.parametrize(
    ("called", "environment", "expected"),
    [
        ("hf-lstm", {}, "hf-lstm train"),
        ("scripts/train.py", TORCHRUN, "torchrun --nproc-per-node 4 scripts/train.py"),
        ("x/hf_lstm/__main__.py", TORCHRUN, "torchrun --nproc-per-node 4 -m hf_lstm train"),
        ("bin/hf-lstm", TORCHRUN, "torchrun --nproc-per-node 4 --no-python hf-lstm train"),
        (
            "scripts/train.py",
            {**TORCHRUN, "LOCAL_WORLD_SIZE": "2"},
            "torchrun --nnodes 2 --nproc-per-node 2 scripts/train.py",
        ),
    ],
)
def test_the_run_goes_on_as_it_was_started(monkeypatch, called, environment, expected):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", [called])
    assert name_start("train") == expected
