"""Starts whole commands that train, tiny ones, and finds what they leave among temporary files."""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

CHECKPOINT_STEPS = 10
_ROOT = Path(__file__).resolve().parents[3]
_NUM_ROWS = 600
_TINY = ("model.hidden_size=8", "model.embedding_dim=8", "tokenizer.max_words=1000")
_STEPS = ("--checkpoint-steps", str(CHECKPOINT_STEPS))
_OF_PYTORCH = "torchinductor_"
"""What PyTorch's folder for all of a user's processes begins with; it is meant to stay."""
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "train": ("--recipe", "pooled-bilstm", "--no-baseline", *_STEPS, "--set", *_TINY, "train.num_epochs=3"),
    "pretrain": (
        "--recipe", "lm-small", *_STEPS, "--set", *_TINY, "pretrain.num_epochs=2", "pretrain.batch_size=8",
    ),
    "search": (
        "--recipe", "pooled-bilstm", "--trials", "4", "--checkpoint-minutes", "0.01", "--space",
        "train.learning_rate=1e-3..1e-1:log", "--set", *_TINY, "train.num_epochs=2",
    ),
}  # fmt: skip


_started: "list[subprocess.Popen[str]]" = []
_is_over = threading.Event()


def write_rows(path: Path) -> None:
    """Write some reviews of the sample as CSV."""
    import pandas

    table = pandas.read_parquet(_ROOT / "hf_lstm" / "resources" / "sample" / "train.parquet").head(_NUM_ROWS)
    table.assign(text=table["text"].str[:400]).to_csv(path, index=False)


def start(command: str, rows: Path, folder: Path, *more: str) -> "subprocess.Popen[str]":
    """Start a command, with one thread, in a session of its own, by which its processes are found."""
    temporary = name_temporary(folder)
    temporary.mkdir(exist_ok=True)
    arguments = [*more, "--dataset", str(rows), "--no-progress", "--output-dir", str(folder), *COMMANDS[command]]
    if _is_over.is_set():
        raise RuntimeError("no more commands are started")
    process = subprocess.Popen(
        [sys.executable, "-m", "hf_lstm", command, *arguments],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(_ROOT), "TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    _started.append(process)
    return process


def end_all() -> None:
    """Kill the commands that still run, which hear no Ctrl-C of this terminal, and start no more."""
    _is_over.set()
    for process in _started:
        if process.poll() is None:
            process.kill()


def name_temporary(folder: Path) -> Path:
    """Name the place of the temporary files of a run."""
    return folder.with_name("temporary")


def list_temporary(folder: Path) -> list[str]:
    """List the temporary files that a run has left."""
    return [name for name in os.listdir(name_temporary(folder)) if not name.startswith(_OF_PYTORCH)]
