"""Kills one process of `torchrun scripts/train.py`, sees all end, resumes them, and compares all bits.

Usage: `python scripts/kill_ranks.py --help`.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hf_lstm.cli.common.arguments import check_output_file
from hf_lstm.cli.common.process import run_command_line
from hf_lstm.files.names import METRICS_FILE, RESULTS_FILE, UNFINISHED_FOLDER
from trials.processes import is_alive, list_processes

MAX_ENDING_S = 15.0
"""From the death of a process to that of the last one."""
_ROOT = Path(__file__).resolve().parent.parent
_TRAIN = ("scripts/train.py", "--dataset", "sample", "--recipe", "pooled-bilstm", "--no-baseline", "--no-progress")
_SETTINGS = ("--checkpoint-steps", "10", "--set", "model.hidden_size=8", "train.num_epochs=1", "train.num_shards=4")
_SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT")
_STEPS = 15
"""Before the signal: after a checkpoint, and before the next one."""
_PATIENCE_S = 600.0


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description="Train on the sample by torchrun, in processes of one thread. Send SIGKILL, SIGTERM and Ctrl-C to "
        "each process, and wait until all have ended. Start torchrun again with --resume, and compare the weights with "
        "those of a run in one process that nobody stopped. Needs Linux."
    )
    parser.add_argument("--processes", metavar="N", type=int, default=2, help="(default: 2)")
    parser.add_argument("--signals", choices=_SIGNALS, nargs="+", default=_SIGNALS, help="(default: all three)")
    parser.add_argument("--output", metavar="FILE", type=Path, help="write the figures into this JSON file, too")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    """Train, kill, resume, compare; print and write the figures."""
    arguments = parse_arguments(argv)
    check_output_file(arguments.output)
    from trials.figures import end_with_figures
    from trials.signals import heed_ctrl_c

    heed_ctrl_c()
    wrong, took_s = [], []
    python, number = sys.executable, str(arguments.processes)
    torchrun = [python, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", number]
    with tempfile.TemporaryDirectory(prefix="hf-lstm-kill-") as scratch:
        whole = Path(scratch) / "whole"
        start([python, *_TRAIN, *_SETTINGS, "--output-dir", str(whole)]).wait()
        digest = read_digest(whole)
        if digest is None:
            sys.exit("the run that nobody stops did not finish, so there is nothing to compare with")
        for name in arguments.signals:
            for rank in range(arguments.processes):
                folder = Path(scratch) / f"{name}-{rank}"
                command = [*torchrun, *_TRAIN, *_SETTINGS, "--output-dir", str(folder)]
                took_s.append(strike(command, folder, rank, signal.Signals[name]))
                was_stopped = read_digest(folder) is None
                start([*command, "--resume"]).wait()
                for fault in list_faults(took_s[-1], was_stopped=was_stopped, is_same=read_digest(folder) == digest):
                    wrong.append(f"{name} to process {rank}: {fault}")
                print(f"{name} to process {rank}: all ended after {took_s[-1]:.1f} s", flush=True)
    figures: dict[str, Any] = {
        "processes": arguments.processes,
        "tried": len(took_s),
        "longest_s": round(max(took_s), 2),
        "wrong": wrong,
    }
    print(f"{len(took_s)} tried: {len(wrong)} went wrong", *wrong, sep="\n")
    end_with_figures("kill_ranks.py", argv, figures, arguments.output, went_wrong=bool(wrong))


def start(command: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Start a command in the checkout, in silence; each process with one thread."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(_ROOT)}
    silence = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=silence, stderr=silence)


def strike(command: Sequence[str], folder: Path, rank: int, number: signal.Signals) -> float:
    """Send a signal to one process of a training after some steps, and return the seconds until all have ended."""
    agent = start(command)
    log = folder / UNFINISHED_FOLDER / METRICS_FILE
    ends_at_s = time.monotonic() + _PATIENCE_S
    while not (log.is_file() and log.read_bytes().count(b"\n") >= _STEPS):
        if agent.poll() is not None or time.monotonic() > ends_at_s:
            sys.exit(f"{' '.join(command)} ended with {agent.poll()}, before step {_STEPS}")
        time.sleep(0.02)
    ranks = find_ranks(agent.pid)
    os.kill(ranks[rank], number)
    started_s = time.monotonic()
    while any(map(is_alive, ranks.values())) and time.monotonic() < started_s + _PATIENCE_S:
        time.sleep(0.02)
    took_s = time.monotonic() - started_s
    agent.wait()
    return took_s


def find_ranks(agent: int) -> dict[int, int]:
    """Find the processes that torchrun has started, by their rank."""
    found = {}
    for process in list_processes():
        if process.parent == agent and process.is_alive:
            with contextlib.suppress(OSError):  # it has ended meanwhile
                variables = dict(each.partition(b"=")[::2] for each in process.read("environ").split(b"\0"))
                found[int(variables[b"RANK"])] = process.number
    return found


def read_digest(folder: Path) -> str | None:
    """Return the digest of a finished run's weights; None if it is not finished."""
    file = folder / RESULTS_FILE
    return json.loads(file.read_bytes())["weights_sha256"] if file.is_file() else None


def list_faults(took_s: float, *, was_stopped: bool, is_same: bool) -> list[str]:
    """List what is wrong with a strike."""
    faults = {
        f"ended after {took_s:.1f} s, expected {MAX_ENDING_S:g}": took_s > MAX_ENDING_S,
        "did not hear the signal, and trained to the end": not was_stopped,
        "not resumed to the bit": not is_same,
    }
    return [fault for fault, is_there in faults.items() if is_there]


if __name__ == "__main__":
    run_command_line(main)
