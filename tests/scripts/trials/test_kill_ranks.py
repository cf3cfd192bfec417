"""`scripts/kill_ranks.py`: it strikes the process that it means, waits for all, and sees what went wrong."""

import json
import signal
import sys
from types import SimpleNamespace

import kill_ranks
import pytest

# As torchrun does: it ends all processes as soon as one has ended. Without PyTorch, which takes seconds to import.
AGENT = """
import os, subprocess, sys, time
folder, sleep = sys.argv[1] + "/.unfinished", "import time; time.sleep(600)"
os.makedirs(folder)
ranks = [subprocess.Popen([sys.executable, "-S", "-c", sleep], env={"RANK": str(rank)}) for rank in (0, 1)]
open(folder + "/metrics.jsonl", "w").write("{}\\n" * 15)
while all(rank.poll() is None for rank in ranks):
    time.sleep(0.01)
open(sys.argv[1] + "/struck", "w").write(str([rank.poll() for rank in ranks]))
time.sleep(0.3)
[rank.kill() for rank in ranks]
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds processes through /proc")
@pytest.mark.parametrize(("rank", "ended"), [(0, "[-15, None]"), (1, "[None, -15]")])
def test_one_process_is_struck_and_all_are_waited_for(tmp_path, rank, ended):
    command = [sys.executable, "-S", "-c", AGENT, str(tmp_path)]
    assert kill_ranks.strike(command, tmp_path, rank, signal.SIGTERM) > 0.3
    assert (tmp_path / "struck").read_text() == ended


def test_a_training_that_ends_too_soon_is_told(tmp_path):
    with pytest.raises(SystemExit, match="ended with 3, before step 15"):
        kill_ranks.strike([sys.executable, "-S", "-c", "raise SystemExit(3)"], tmp_path, 0, signal.SIGTERM)


@pytest.mark.parametrize(
    ("took_s", "was_stopped", "digest", "wrong"),
    [
        (1.0, True, "a", []),
        (15.1, True, "a", ["ended after 15.1 s, expected 15"]),
        (1.0, False, "a", ["did not hear the signal, and trained to the end"]),
        (1.0, True, "b", ["not resumed to the bit"]),
        (1.0, True, None, ["not resumed to the bit"]),
    ],
)
def test_what_went_wrong_is_written_and_ends_the_command(tmp_path, monkeypatch, took_s, was_stopped, digest, wrong):
    digests = iter(["a", *[None if was_stopped else "a", digest] * 2])
    monkeypatch.setattr("trials.signals.heed_ctrl_c", lambda: None)
    monkeypatch.setattr(kill_ranks, "start", lambda command: SimpleNamespace(wait=lambda: 0))
    monkeypatch.setattr(kill_ranks, "strike", lambda *_: took_s)
    monkeypatch.setattr(kill_ranks, "read_digest", lambda folder: next(digests))
    output = tmp_path / "killed.json"
    arguments = ["--signals", "SIGKILL", "--output", str(output)]
    if wrong:
        with pytest.raises(SystemExit) as ending:
            kill_ranks.main(arguments)
        assert ending.value.code == 1
    else:
        kill_ranks.main(arguments)
    figures = json.loads(output.read_text())
    assert (figures["tried"], figures["longest_s"]) == (2, took_s)
    assert figures["wrong"] == [f"SIGKILL to process {rank}: {fault}" for rank in (0, 1) for fault in wrong]


def test_the_digest_is_that_of_a_finished_run(tmp_path):
    assert kill_ranks.read_digest(tmp_path) is None
    (tmp_path / "results.json").write_text('{"weights_sha256": "a"}')
    assert kill_ranks.read_digest(tmp_path) == "a"
