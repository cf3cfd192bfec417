"""`hf-lstm predict --engine ray`, on a cluster of this machine; workers are killed."""

import contextlib
import functools
import os
import signal
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytest.importorskip("ray", reason="needs Ray: pip install 'hf-lstm[ray]'")

import ray
from ray import cloudpickle

from hf_lstm.cli.predict import main
from hf_lstm.engines import ray_engine
from hf_lstm.errors import InputError

TEXTS = ["a wonderful film", "", "a dull film", "the worst year", "a great cast"]
NUM_FILES = 3


def replace_ray(patch, init):
    """Let another function than Ray's start a cluster, and nothing end it."""
    patch.setattr(ray, "is_initialized", lambda: False)
    patch.setattr(ray, "init", init)
    patch.setattr(ray, "shutdown", lambda: None)


@pytest.mark.parametrize(
    ("address", "said"),
    [(None, "cannot be started on this machine"), ("host:1", "the cluster RAY_ADDRESS=host:1 cannot be used")],
)
def test_a_cluster_that_does_not_start_is_told_in_one_line(address, said, monkeypatch):
    def fail(**_):
        raise Exception("timed out\n  during startup")  # Ray raises bare ones

    replace_ray(monkeypatch, fail)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    if address:
        monkeypatch.setenv("RAY_ADDRESS", address)
    with pytest.raises(InputError, match=rf"^Ray: {said}: timed out during startup; see that it runs.*$"):
        ray_engine.open_ray().__enter__()


def test_sigterm_stays_with_its_handler_and_what_ray_writes_is_hidden(monkeypatch, capfd):
    def init(**_):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(signal.SIGTERM))
        os.write(2, b"Set ray log level\n")

    handler = signal.getsignal(signal.SIGTERM)
    replace_ray(monkeypatch, init)
    with ray_engine.open_ray():
        assert signal.getsignal(signal.SIGTERM) == handler
    replace_ray(monkeypatch, lambda **_: (init(), os.kill(os.getpid(), signal.SIGTERM)))
    with pytest.raises(SystemExit) as ending, ray_engine.open_ray():
        pytest.fail("started")
    assert ending.value.code == 128 + signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == handler
    assert capfd.readouterr() == ("", "")


@pytest.fixture(scope="module")
def _cluster():
    """A cluster for all tests of this file, which takes seconds to start; its workers get this file's classes.

    It has one core, and so few processes, each of which imports PyTorch.
    """
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as stack:
        patch.setattr(ray, "init", functools.partial(ray.init, num_cpus=1, object_store_memory=2**27))
        stack.enter_context(ray_engine.open_ray())
        assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
        yield
    assert not ray.is_initialized()


class MortalScorer(ray_engine.ActorScorer):
    """Kills its process once before a part is scored, and once when its file is written, but nobody knows yet."""

    def __init__(self, scoring):
        super().__init__(scoring)
        self._marks = os.path.dirname(scoring.output)

    def die_once(self, name):
        mark = os.path.join(self._marks, f"died-{name}")
        if not os.path.exists(mark):
            open(mark, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)

    def __call__(self, messages):
        is_part = messages["packed"].to_pylist() != [None]
        if is_part:
            self.die_once("before")
        reports = super().__call__(messages)
        if is_part:
            self.die_once("after")
        return reports


@pytest.mark.usefixtures("_cluster")
def test_nothing_is_lost_or_doubled_when_workers_die(tmp_path, tiny_model, tiny_model_folder, monkeypatch, capsys):
    inputs, output = tmp_path / "in", tmp_path / "scored"
    inputs.mkdir()
    for number in range(NUM_FILES):
        rows = {"id": [f"{number}-{row}" for row in range(len(TEXTS))], "text": TEXTS[number:] + TEXTS[:number]}
        pq.write_table(pa.table(rows), inputs / f"{number}.parquet")
    command = [str(tiny_model_folder), str(inputs), "--engine", "ray", "--workers", "1", "--output", str(output)]
    monkeypatch.setattr(ray_engine, "ActorScorer", MortalScorer)
    main(command)
    assert (tmp_path / "died-before").exists()
    assert (tmp_path / "died-after").exists()
    assert f"{NUM_FILES * len(TEXTS)} rows in {NUM_FILES} files" in capsys.readouterr().out

    expected = pq.read_table(inputs).to_pydict()
    answers = tiny_model.predict(expected["text"])
    expected["label"] = [answer["label"] for answer in answers]
    expected["score"] = [round(answer["score"], 6) for answer in answers]
    assert pq.read_table(output).to_pydict() == expected

    monkeypatch.undo()
    next(output.glob("2.*")).unlink()
    main(command)
    assert f"5 rows in 1 files, beside {NUM_FILES - 1} files of earlier starts" in capsys.readouterr().out
    assert pq.read_table(output).to_pydict() == expected
