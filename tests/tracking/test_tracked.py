import contextvars
import logging
import sys
import threading
import types
from types import SimpleNamespace

import pytest

from hf_lstm import InputError
from hf_lstm.storage.output_folder import claim_output_folder
from hf_lstm.storage.session import open_session
from hf_lstm.tracking import tracked as tracked_module
from hf_lstm.tracking.tracked import tracked
from hf_lstm.tracking.trackers import TRACKERS, TensorBoard, Trackio, WeightsAndBiases, build_tracker


class Death(BaseException):
    """Ends a run as SIGKILL does."""


class Recorder:
    """Remembers what it is told, as a program beside the process would."""

    def __init__(self):
        self.runs, self.names, self.ended_well = {}, [], []
        self.fails = False

    def start(self, name, settings, *, run_id):
        assert settings == {"train": {"seed": 0}}
        self.names.append(name)
        self.now = run_id or f"run {len(self.runs)}"
        self.known = [(step, each) for step, figures in self.runs.get(self.now, ()) for each in figures]
        self.runs.setdefault(self.now, [])
        return self.now

    def has(self, figure, step):
        return (step, figure) in self.known

    def log(self, figures, step):
        if self.fails:
            raise ConnectionError("the network is down")
        self.runs[self.now].append((step, figures))

    def put(self, folder):
        self.folder = folder
        return self

    def finish(self, *, is_done):
        self.ended_well.append(is_done)


@pytest.fixture
def recorder(monkeypatch):
    recorder = Recorder()
    monkeypatch.setattr(tracked_module, "build_tracker", lambda kind, folder: recorder.put(folder))
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
    assert recorder.ended_well == [True]


@pytest.mark.parametrize("dies_at", [3, 5])  # before the record of an epoch, and after a checkpoint
def test_a_resumed_run_goes_on_in_the_same_tracked_run_and_repeats_nothing(tmp_path, recorder, dies_at):
    with pytest.raises(Death):
        work(tmp_path / "run", dies_at=dies_at)
    assert len(recorder.runs["run 0"]) < len(WHOLE)
    work(tmp_path / "run", resume=True)
    assert recorder.runs == {"run 0": WHOLE}
    assert recorder.ended_well == [False, True]


@pytest.mark.parametrize("num_lost", range(7))
def test_a_resumed_run_tells_what_a_tracker_had_not_written_when_the_process_died(tmp_path, recorder, num_lost):
    with pytest.raises(Death):
        work(tmp_path / "run", dies_at=5)
    told = recorder.runs["run 0"]
    assert len(told) == 6
    del told[len(told) - num_lost :]
    work(tmp_path / "run", resume=True)
    assert recorder.runs == {"run 0": WHOLE}


def test_a_figure_of_a_step_is_told_once(tmp_path, recorder):
    """The records of an epoch and of its last step both have the number of the epoch."""
    with claim_output_folder(tmp_path / "run", overwrite=False) as folder:
        session = open_session(folder, {"seed": 0}, {}, every_minutes=60)
        with tracked(session, "trackio", folder, {"train": {"seed": 0}}):
            session.log({"step": 1, "epoch": 1, "loss": 0.5})
            session.log({"step": 1, "epoch": 1, "validation_loss": [0.25, 0.75]})
    assert recorder.runs == {
        "run 0": [(1, {"epoch": 1, "loss": 0.5}), (1, {"validation_loss/1": 0.25, "validation_loss/2": 0.75})]
    }


def test_a_tracker_that_fails_is_left_alone_and_the_run_goes_on(tmp_path, recorder, caplog):
    recorder.fails = True
    work(tmp_path / "run")
    assert recorder.runs == {"run 0": []}
    (line,) = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert line == "Recorder failed, and tracks no more: the network is down"
    assert recorder.ended_well == [True]  # what it holds is let go of


def test_a_run_that_ends_before_its_time_waits_for_no_tracker_that_hangs(tmp_path, recorder, monkeypatch, caplog):
    never = threading.Event()
    monkeypatch.setattr(tracked_module, "_MAX_ENDING_S", 0.05)
    monkeypatch.setattr(recorder, "finish", lambda *, is_done: never.wait())
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


def test_a_line_cut_short_is_not_told(tmp_path, recorder):
    with pytest.raises(Death):
        work(tmp_path / "run", dies_at=5)
    log = tmp_path / "run" / ".unfinished" / "metrics.jsonl"
    log.write_bytes(log.read_bytes()[:-3])
    work(tmp_path / "run", resume=True)
    assert recorder.runs == {"run 0": WHOLE}


@pytest.mark.parametrize(("name", "expected"), [("run", "tensorboard"), ("TensorBoard", "tensorboard-events")])
def test_files_of_a_tracker_lie_beside_the_run_and_never_in_it(tmp_path, recorder, name, expected):
    work(tmp_path / name)
    assert recorder.folder == tmp_path / expected
    assert recorder.names[0].startswith(f"{name}-20")


@pytest.fixture
def tensorboard(monkeypatch):
    pytest.importorskip("tensorboard")
    monkeypatch.setitem(sys.modules, "tensorboard.compat.notf", types.ModuleType("notf"))  # imports no TensorFlow


def read_tensorboard(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(folder).Reload()
    return [(event.step, event.value) for event in events.Scalars("loss")]


@pytest.mark.parametrize("is_cut", [False, True])
def test_tensorboard_shows_a_resumed_run_once(tmp_path, tensorboard, is_cut):
    first = TensorBoard(tmp_path)
    folder = first.start("run", {"train": {"seed": 0}}, run_id=None)
    for step in (1, 2):
        first.log({"loss": 1 / step}, step)
    first.finish(is_done=False)
    if is_cut:  # as where the process died while it wrote
        (file,) = (tmp_path / "run").iterdir()
        file.write_bytes(file.read_bytes()[:-3])
    second = TensorBoard(tmp_path)
    assert second.start("run", {}, run_id=folder) == folder
    assert [second.has("loss", step) for step in (1, 2, 3)] == [True, not is_cut, False]
    assert not second.has("accuracy", 1)
    for step in (1, 2, 3):
        if not second.has("loss", step):
            second.log({"loss": 1 / step}, step)
    second.finish(is_done=True)
    assert read_tensorboard(folder) == [(1, 1.0), (2, 0.5), (3, pytest.approx(1 / 3))]


@pytest.mark.parametrize(("is_done", "exit_code"), [(True, 0), (False, 1)])
def test_weights_and_biases_is_told_figures_and_how_a_run_ended_and_no_command_folder_or_host(
    monkeypatch, is_done, exit_code
):
    run, asked = SimpleNamespace(id="7", starting_step=3, told=[]), {}
    run.log = lambda figures, step: run.told.append((step, figures))
    run.finish = lambda exit_code: run.told.append(exit_code)
    wandb = types.ModuleType("wandb")
    wandb.Settings, wandb.init = dict, lambda **options: asked.update(options) or run
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    tracker = WeightsAndBiases()
    assert tracker.start("run", {"seed": 0}, run_id="7") == "7"
    assert [tracker.has("loss", step) for step in (2, 3)] == [True, False]
    tracker.log({"loss": 0.5}, 3)
    tracker.finish(is_done=is_done)
    assert run.told == [(3, {"loss": 0.5}), exit_code]
    assert asked["settings"] == {
        "console": "off",
        "x_disable_meta": True,
        "x_save_requirements": False,
        "save_code": False,
        "host": "unnamed",
    }


def test_trackio_ends_its_run_in_another_thread_and_leaves_that_of_the_program_alone(monkeypatch):
    """Its current run is a context variable, which another thread has not."""
    current = contextvars.ContextVar("current", default="none")
    ended = []
    trackio, storage = types.ModuleType("trackio"), types.ModuleType("trackio.sqlite_storage")
    trackio.init = lambda **options: current.set(options["name"])
    trackio.finish = lambda: ended.append(current.get()) or current.set("none")
    storage.SQLiteStorage = SimpleNamespace(get_logs=lambda project, name: [{"step": 2, "loss": 0.5}])
    monkeypatch.setitem(sys.modules, "trackio", trackio)
    monkeypatch.setitem(sys.modules, "trackio.sqlite_storage", storage)
    current.set("of the program")
    tracker = Trackio()
    assert tracker.start("new name", {}, run_id="run") == "run"
    assert [tracker.has("loss", step) for step in (2, 3)] == [True, False]
    assert not tracker.has("accuracy", 1)
    thread = threading.Thread(target=tracker.finish, kwargs={"is_done": True})
    thread.start()
    thread.join()
    assert ended == ["run"]
    assert current.get() == "of the program"
