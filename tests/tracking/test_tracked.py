import logging
import sys
import threading
import types

import pytest

from hf_lstm import InputError
from hf_lstm.storage.output_folder import claim_output_folder
from hf_lstm.storage.session import open_session
from hf_lstm.tracking import tracked as tracked_module
from hf_lstm.tracking.tracked import find_last_steps, tracked
from hf_lstm.tracking.trackers import TRACKERS, TensorBoard, build_tracker


class Death(BaseException):
    """Ends a run as SIGKILL does."""


class Recorder:
    """Remembers what it is told, as a program beside the process would."""

    def __init__(self):
        self.runs = {}
        self.fails = False

    def start(self, name, settings, *, run_id, step):
        assert settings == {"train": {"seed": 0}}
        self.now = run_id or f"run {len(self.runs)}"
        self.runs.setdefault(self.now, [])
        return self.now

    def log(self, figures, step):
        if self.fails:
            raise ConnectionError("the network is down")
        self.runs[self.now].append((step, figures))

    def finish(self):
        pass


@pytest.fixture
def recorder(monkeypatch):
    recorder = Recorder()
    monkeypatch.setattr(tracked_module, "build_tracker", lambda kind, folder: recorder)
    return recorder


def work(folder_path, *, dies_at=None, resume=False, num_steps=6):
    """Log steps, and an epoch after each three of them; save after each two steps."""
    with claim_output_folder(folder_path, overwrite=False, resume=resume) as folder:
        session = open_session(folder, {"seed": 0}, {}, every_minutes=60, every_steps=2)
        with tracked(session, "trackio", folder, {"train": {"seed": 0}}) as tracking:
            state = session.restore() or {"step": 0}
            with session.running(lambda: state):
                while state["step"] < num_steps:
                    with session.step():
                        state["step"] += 1
                    step = state["step"]
                    session.log({"step": step, "epoch": step // 4 + 1, "loss": 1 / step, "elapsed_s": 0.1})
                    if step == dies_at:
                        session._log._write()
                        raise Death
                    if step % 3 == 0:
                        session.log({"step": step, "is_best": True, "train": {"loss": 1 / step}})
                    session.save_if_due(step)
            tracking.log_results({"test": {"accuracy": 0.5}})


WHOLE = [
    (1, {"epoch": 1, "loss": 1.0}),
    (2, {"epoch": 1, "loss": 1 / 2}),
    (3, {"epoch": 1, "loss": 1 / 3}),
    (3, {"train/loss": 1 / 3}),
    (4, {"epoch": 2, "loss": 1 / 4}),
    (5, {"epoch": 2, "loss": 1 / 5}),
    (6, {"epoch": 2, "loss": 1 / 6}),
    (6, {"train/loss": 1 / 6}),
    (6, {"results/test/accuracy": 0.5}),
]


def test_a_tracker_is_told_each_number_of_the_log(tmp_path, recorder):
    work(tmp_path / "run")
    assert recorder.runs == {"run 0": WHOLE}


@pytest.mark.parametrize("dies_at", [3, 5])  # before the record of an epoch, and after a checkpoint
def test_a_resumed_run_goes_on_in_the_same_tracked_run_and_repeats_nothing(tmp_path, recorder, dies_at):
    with pytest.raises(Death):
        work(tmp_path / "run", dies_at=dies_at)
    assert len(recorder.runs["run 0"]) < len(WHOLE)
    work(tmp_path / "run", resume=True)
    assert recorder.runs == {"run 0": WHOLE}


def test_a_tracker_that_fails_is_left_alone_and_the_run_goes_on(tmp_path, recorder, caplog):
    recorder.fails = True
    work(tmp_path / "run")
    assert recorder.runs == {"run 0": []}
    (line,) = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert line == "Recorder failed, and tracks no more: the network is down"


def test_a_run_that_ends_before_its_time_waits_for_no_tracker_that_hangs(tmp_path, recorder, monkeypatch, caplog):
    never = threading.Event()
    monkeypatch.setattr(tracked_module, "_MAX_ENDING_S", 0.05)
    monkeypatch.setattr(recorder, "finish", never.wait)
    with pytest.raises(Death):
        work(tmp_path / "run", dies_at=3)
    (line,) = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert line == "Recorder has not taken all figures in 0.05 s"
    never.set()


def test_a_tracker_that_cannot_start_is_one_line(tmp_path, recorder, monkeypatch):
    monkeypatch.setattr(recorder, "start", lambda *_, **__: 1 / 0)
    with pytest.raises(InputError, match=r"^--track trackio cannot start: division by zero$"):
        work(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_tracker_that_is_unknown_or_not_installed_is_one_line(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="there is no tracker 'mlflow'; expected trackio, tensorboard, wandb"):
        build_tracker("mlflow", tmp_path)
    monkeypatch.setattr("hf_lstm.extras.is_installed", lambda library: False)
    for kind in TRACKERS:
        with pytest.raises(InputError, match=rf"needs {kind}, which is not .* run pip install 'hf-lstm\[{kind}\]'"):
            build_tracker(kind, tmp_path)


def test_a_line_cut_short_does_not_count(tmp_path):
    (tmp_path / "log").write_bytes(b'{"step": 1, "loss": 1}\n{"step": 2, "loss"')
    assert find_last_steps(tmp_path / "log") == {"loss step": 1}
    assert find_last_steps(tmp_path / "none") == {}


def test_tensorboard_shows_a_resumed_run_once(tmp_path, monkeypatch):
    pytest.importorskip("tensorboard")
    monkeypatch.setitem(sys.modules, "tensorboard.compat.notf", types.ModuleType("notf"))  # imports no TensorFlow
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run_id = None
    for step, figures in ((0, [(1, 0.5), (2, 0.25)]), (2, [(3, 0.125)])):
        tracker = TensorBoard(tmp_path)
        run_id = tracker.start("run", {"train": {"seed": 0}}, run_id=run_id, step=step)
        for number, loss in figures:
            tracker.log({"loss": loss}, number)
        tracker.finish()
    events = EventAccumulator(run_id).Reload()
    assert [(event.step, event.value) for event in events.Scalars("loss")] == [(1, 0.5), (2, 0.25), (3, 0.125)]
