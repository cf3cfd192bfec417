"""`scripts/kill_commands.py`: it finds what a command left, lost or did again."""

import dataclasses
import json
import subprocess
import sys
import time

import kill_commands
import pytest

from hf_lstm.errors import InputError
from trials.commands import strikes
from trials.commands.outcomes import Blow, list_losses, list_wrong_ends, read_log, read_outcome, read_trials
from trials.commands.starting import name_temporary
from trials.commands.strikes import WholeRun, strike

needs_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds processes through /proc")
POLITE = Blow("SIGTERM", 143, 1.0, "stopped; go on with: ...", [], has_begun=True, left=[])

# A run of 40 steps, each logged with a time; a signal of Ctrl-C saves the last one, unless it is told to forget.
RUN = """
import os, pathlib, sys, time
folder, forgets = pathlib.Path(sys.argv[1]), "forget" in sys.argv
(folder / ".unfinished").mkdir(parents=True, exist_ok=True)
log = folder / ".unfinished" / "metrics.jsonl"
if forgets:
    log.unlink(missing_ok=True)
num_begun = len(log.read_text().splitlines()) if log.is_file() else 0
try:
    with open(log, "ab", buffering=0) as file:  # a line is there whole, or not at all
        for step in range(num_begun, 40):
            file.write(b'{"step": %d, "elapsed_s": %f}\\n' % (step, time.time()))
            time.sleep(float(sys.argv[2]))
except KeyboardInterrupt:
    os._exit(130)
log.rename(folder / "metrics.jsonl")
log.parent.rmdir()
"""


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({}, []),
        ({"code": 1}, ["it ended with 1: 'stopped; go on with: ...'"]),
        ({"code": -15}, ["it ended with -15: 'stopped; go on with: ...'"]),
        ({"code": -15, "has_begun": False}, []),  # Python, which starts
        ({"ending_s": 10.1}, ["it took 10.1 s to end"]),
        ({"orphans": [7]}, ["it left 1 processes"]),
        ({"left": ["tmp1"]}, ["it left ['tmp1'] among the temporary files"]),
        ({"errors": "Traceback (most"}, ["it said 'Traceback (most'"]),
        ({"name": "SIGKILL", "code": -9, "left": ["tmp1"]}, []),
        ({"name": "SIGINT"}, ["it ended with 143: 'stopped; go on with: ...'"]),
    ],
)
def test_how_a_command_must_end(changes, faults):
    assert list_wrong_ends(dataclasses.replace(POLITE, **changes)) == faults


def test_steps_and_trials_that_are_done_again_are_told_by_their_times():
    log = [f'{{"step": {step}}}\n' for step in range(20)]
    again = [*log[:17], "{}\n", "{}\n", "{}\n"]
    assert list_losses("SIGTERM", log, log, {1: "a"}, {1: "a", 2: "b"}) == []
    assert list_losses("SIGTERM", log, again, {1: "a"}, {1: "c"}) == [
        "3 lines of the log were done again",
        "trials [1] were done again",
    ]
    assert list_losses("SIGKILL", log, again, {}, {}) == []
    assert list_losses("SIGKILL", log, log[:6], {}, {}) == ["14 lines of the log were done again"]


def test_a_trial_that_has_not_ended_may_go_on(tmp_path):
    trials = [{"number": 1, "state": "pruned"}, {"number": 2, "state": "unfinished"}]
    (tmp_path / "search.json").write_text(json.dumps({"trials": trials}))
    assert read_trials(tmp_path) == {1: trials[0]}


def test_times_alone_may_differ(tmp_path):
    outcomes = []
    for elapsed_s, loss in [(1, 0.5), (2, 0.5), (2, 0.6)]:
        (tmp_path / "results.json").write_text(json.dumps({"a": [{"elapsed_s": elapsed_s, "loss": loss}]}))
        (tmp_path / "README.md").write_text(f"{elapsed_s} s")
        outcomes.append(read_outcome(tmp_path))
    assert outcomes[0] == outcomes[1] != outcomes[2]
    (tmp_path / ".stray").touch()
    assert read_outcome(tmp_path) != outcomes[2]


@needs_linux
@pytest.mark.parametrize("more", [[], ["forget"]])
def test_a_command_is_struck_and_resumed(tmp_path, monkeypatch, more):
    sleeps_s = iter(["0", "60", "0"])  # one ends before it is struck, the next one would not, the last one goes on

    def start(_command, _rows, folder, *_resume):
        name_temporary(folder).mkdir(exist_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-S", "-c", RUN, str(folder), next(sleeps_s), *more],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        while not read_log(folder):
            time.sleep(0.01)
        return process

    monkeypatch.setattr(strikes, "start", start)
    monkeypatch.setattr(strikes.random.Random, "uniform", lambda *_: 3.2)  # too late at first
    whole = WholeRun({"metrics.jsonl": [{"step": step} for step in range(40)]}, 0.8)
    took_s, faults = strike("train", "SIGINT", 0, tmp_path, whole, tmp_path / "place")
    assert took_s < 10
    assert len(faults) == len(more)
    assert all("lines of the log were done again" in fault for fault in faults)
    assert not (tmp_path / "place").exists()


@pytest.mark.parametrize("faults", [[], ["train, SIGINT after 1.00 s: it ended with 1"]])
def test_what_went_wrong_is_written_and_ends_the_command(tmp_path, monkeypatch, faults):
    monkeypatch.setattr("trials.signals.heed_ctrl_c", lambda: None)
    monkeypatch.setattr(kill_commands, "write_rows", lambda path: None)
    monkeypatch.setattr(kill_commands, "run_whole", lambda *_: WholeRun({}, 1.0))
    monkeypatch.setattr(kill_commands, "strike", lambda *_: (2.5, faults))
    arguments = ["--commands", "train", "--signals", "SIGINT", "--times", "1", "--output", str(tmp_path / "k.json")]
    if faults:
        with pytest.raises(SystemExit):
            kill_commands.main(arguments)
    else:
        kill_commands.main(arguments)
    figures = json.loads((tmp_path / "k.json").read_text())
    assert (figures["tried"], figures["longest_s"], figures["wrong"]) == (1, 2.5, faults)
    assert figures["by"] == {"train, SIGINT": 1}


def test_code_that_changes_meanwhile_ends_it_before_it_blames_the_commands(tmp_path, monkeypatch):
    monkeypatch.setattr("trials.signals.heed_ctrl_c", lambda: None)
    monkeypatch.setattr(kill_commands, "write_rows", lambda path: None)
    monkeypatch.setattr(kill_commands, "run_whole", lambda *_: WholeRun({}, 1.0))
    monkeypatch.setattr(kill_commands, "strike", lambda *_: (2.5, ["train: resumed, it is another run"]))
    codes = iter([{"a.py": "1"}, {"a.py": "1"}, {"a.py": "2"}])
    monkeypatch.setattr("trials.checkout.CodeWatch._digest", lambda _: next(codes))
    with pytest.raises(InputError, match=r"a\.py has changed while commands ran"):
        kill_commands.main(["--commands", "train", "--times", "1", "--output", str(tmp_path / "k.json")])
    assert not (tmp_path / "k.json").exists()
