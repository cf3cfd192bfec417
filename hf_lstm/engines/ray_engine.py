"""Scores a corpus on Ray Data: tasks read its files, and a pool of actors holds the model."""

import contextlib
import dataclasses
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from tqdm.auto import tqdm

from hf_lstm.engines.corpus import CorpusFile
from hf_lstm.engines.ledger import Ledger, open_ledger
from hf_lstm.engines.parts import Part, PartScorer, Scoring, read_parts
from hf_lstm.errors import InputError, shorten
from hf_lstm.progress import can_show_bars
from hf_lstm.runtime import memory

_READ_CPUS, _SCORE_CPUS = 0.1, 0.9
"""Of a core, each: so readers always find room beside as many actors as there are cores."""
_BLOCK_BYTES = 2**20
"""A block is sent on once it has as many: so a part, of some megabytes, is a block of its own."""

_OF_A_START = ("model", "output", "device")
"""May differ from start to start; the digest says which model it is."""

_MESSAGES = pa.schema(
    {
        "file": pa.string(),
        "index": pa.int64(),
        "packed": pa.large_binary(),
        "num_parts": pa.int64(),
        "error": pa.string(),
    }
)
"""Of readers to actors: a part; or the number of a file's parts, at its end; or what is wrong with it."""
_REPORTS = pa.schema(
    {"file": pa.string(), "index": pa.int64(), "num_rows": pa.int64(), "num_parts": pa.int64(), "error": pa.string()}
)
"""Of actors to the command."""


class Scored(NamedTuple):
    """Counts what a start has scored."""

    num_rows: int
    num_parts: int
    num_earlier_parts: int
    """Scored by earlier starts."""


def score_corpus(files: Sequence[CorpusFile], scoring: Scoring, *, num_workers: int | None = None) -> Scored:
    """Score the files of a corpus into a folder of Parquet files; or what is missing of it there.

    The cluster is that of the environment variable `RAY_ADDRESS`, or a new one on this machine. On several machines,
    model and output have the same path everywhere.

    Args:
        files: as `find_corpus` gave them.
        scoring: how they are scored.
        num_workers: actors, each with a core, and a GPU if `scoring.device` says so; by default as many as cores.

    Raises:
        InputError: a file is damaged, or lacks the column; or see `open_ledger`. What is scored already stays.
    """
    settings = {key: value for key, value in dataclasses.asdict(scoring).items() if key not in _OF_A_START}
    settings["rows_per_part"] = memory.WINDOW_TEXTS  # by which parts are numbered
    with open_ledger(Path(scoring.output), files, settings) as ledger:
        num_earlier = sum(len(ledger.done[file.name]) for file in files)
        num_rows = num_parts = 0
        unfinished = ledger.list_unfinished()
        if unfinished:
            with open_ray(), tqdm(desc="score", unit="text", disable=not can_show_bars()) as progress:
                for scored in _score(unfinished, ledger, scoring, num_workers):
                    num_rows += scored
                    num_parts += 1
                    progress.update(scored)
        ledger.require_all()
    return Scored(num_rows, num_parts, num_earlier)


def _score(files: Sequence[CorpusFile], ledger: Ledger, scoring: Scoring, num_workers: int | None) -> Iterator[int]:
    """Score files; yield the number of rows of each part, once its file is there."""
    import ray

    num_workers = num_workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    rows = [{"source": each.source, "file": each.name, "done": sorted(ledger.done[each.name])} for each in files]
    reports = (
        ray.data.from_items(rows, override_num_blocks=len(rows))
        .map_batches(_read, batch_size=1, batch_format="pyarrow", num_cpus=_READ_CPUS, fn_args=(scoring,))
        .map_batches(
            ActorScorer,
            batch_size=1,
            batch_format="pyarrow",
            compute=ray.data.ActorPoolStrategy(size=num_workers),
            num_cpus=_SCORE_CPUS,
            num_gpus=1 if scoring.device.startswith("cuda") else 0,
            fn_constructor_args=(scoring,),
        )
    )
    try:
        for report in reports.iter_rows():
            if report["error"] is not None:
                raise InputError(report["error"])
            if report["num_parts"] is not None:
                ledger.end_file(report["file"], int(report["num_parts"]))
            else:
                ledger.add_part(report["file"], int(report["index"]))
                yield int(report["num_rows"])
    finally:
        ledger.save()


def _read(files: pa.Table, scoring: Scoring) -> Iterator[pa.Table]:
    """Read the parts of files that are not done."""
    for file in files.to_pylist():
        num_parts = 0
        try:
            for part in read_parts(file["source"], scoring.text_column, scoring.encoding, frozenset(file["done"])):
                num_parts += 1
                if part is not None:
                    yield _tell(_MESSAGES, file=file["file"], index=part.number, packed=part.packed)
            yield _tell(_MESSAGES, file=file["file"], num_parts=num_parts)
        except InputError as error:
            yield _tell(_MESSAGES, error=str(error))


class ActorScorer:
    """Scores the parts that readers send."""

    def __init__(self, scoring: Scoring) -> None:
        self._error: str | None = None
        try:
            self._scorer = PartScorer(scoring)
        except InputError as error:  # Ray would start the actor again, forever
            self._error = str(error)

    def __call__(self, messages: pa.Table) -> pa.Table:
        """Score the parts among messages, and pass the others on."""
        return pa.concat_tables([self._answer(message) for message in messages.to_pylist()])

    def _answer(self, message: dict[str, Any]) -> pa.Table:
        packed = message.pop("packed")
        if packed is None:
            return _tell(_REPORTS, **message)
        if self._error is not None:
            return _tell(_REPORTS, error=self._error)
        try:
            message["num_rows"] = self._scorer.score(message["file"], Part(message["index"], packed))
        except InputError as error:
            return _tell(_REPORTS, error=str(error))
        return _tell(_REPORTS, **message)


def _tell(schema: pa.Schema, **values: Any) -> pa.Table:
    return pa.Table.from_pylist([values], schema=schema)


@contextlib.contextmanager
def open_ray() -> Iterator[None]:
    """Use the cluster that is there, or one that lasts for the block. Nothing is told to Ray's makers.

    Raises:
        InputError: it cannot be reached, or not be started.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # read when a cluster is started
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # says what it will do some day, on each start
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # of its C++ part; what fails is raised
    os.environ.setdefault("RAY_ENABLE_AUTO_CONNECT", "0")  # or a thread that ends late starts a cluster of its own
    import ray
    import ray.data

    is_ours = not ray.is_initialized()
    with contextlib.ExitStack() as stack:
        if is_ours:
            stack.enter_context(_own_signals())
            stack.callback(ray.shutdown)
            _start()
        context = ray.data.DataContext.get_current()
        before = context.target_max_block_size, context.enable_progress_bars
        context.target_max_block_size, context.enable_progress_bars = _BLOCK_BYTES, False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        try:
            yield
        finally:
            context.target_max_block_size, context.enable_progress_bars = before


def _start() -> None:
    """Start or join a cluster; see `open_ray`."""
    import ray

    with _own_signals(), _hidden_errors():
        try:
            ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
        except SystemExit:  # raised by a handler of Ray's, with a code of its own
            sys.exit(128 + signal.SIGTERM)
        except Exception as error:  # of any kind: its own are bare ones
            place = os.environ.get("RAY_ADDRESS")
            what = f"the cluster RAY_ADDRESS={place} cannot be used" if place else "cannot be started on this machine"
            raise InputError(
                f"Ray: {what}: {shorten(' '.join(str(error).split()))}; see that it runs, and start the command again: "
                "it goes on with what is missing"
            ) from error


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Give SIGTERM back to its handler after a block: Ray's would print a stack, and leave it to nobody at the end."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if handler is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)


@contextlib.contextmanager
def _hidden_errors() -> Iterator[None]:
    """Hide what C++ writes to standard error during a block: which level its log has, on each start."""
    sys.stderr.flush()
    shown = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(shown, 2)
        os.close(shown)
