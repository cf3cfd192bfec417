"""Loads damaged model folders in processes with little memory, and says what came of each."""

import json
import os
import random
import resource
import select
import shutil
import signal
import struct
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from hf_lstm import LSTMSentiment
from hf_lstm.errors import InputError, NonFiniteError
from hf_lstm.files.names import CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE
from trials.faults.damages import DAMAGES

MEMORY_BYTES = 2**30
"""More than the process has when it starts to load."""
MAX_S = 20.0
"""A process that takes longer is said to hang."""
MAX_MESSAGE_CHARACTERS = 800
_FLIPS_PER_PROCESS = 50
_TEXT = "a wonderful film, " + "a" * 5_000


def try_damages(model: Path, scratch: Path, names: Iterable[str] = tuple(DAMAGES)) -> dict[str, Any]:
    """Load a model with each damage of some names, and return what came of it."""
    outcomes = {}
    for name in names:
        folder = scratch / "model"
        shutil.copytree(model, folder)
        DAMAGES[name](folder)
        outcomes[name] = run_limited(lambda folder=folder: [load(folder)])[0]  # type: ignore[misc]
        shutil.rmtree(folder)
    return _summarize(outcomes)


def try_truncations(model: Path, scratch: Path, *, every: int = 1) -> dict[str, Any]:
    """Load a model whose weights end at each offset of their header."""
    content = (model / WEIGHTS_FILE).read_bytes()
    end = 8 + struct.unpack("<Q", content[:8])[0]
    changes = {f"{WEIGHTS_FILE} ends at {size}": (WEIGHTS_FILE, content[:size]) for size in range(0, end + 1, every)}
    return _try_changes(model, scratch, changes)


def try_flips(model: Path, scratch: Path, *, num_flips: int) -> dict[str, Any]:
    """Load a model with one byte changed: a third of them in the weights' header, in the config, in the tokenizer."""
    chance = random.Random(0)
    contents = {name: (model / name).read_bytes() for name in (WEIGHTS_FILE, CONFIG_FILE, TOKENIZER_FILE)}
    header_end = 8 + struct.unpack("<Q", contents[WEIGHTS_FILE][:8])[0]
    changes = {}
    for index in range(num_flips):
        name = list(contents)[index % len(contents)]
        content = bytearray(contents[name])
        position = chance.randrange(header_end if name == WEIGHTS_FILE else len(content))
        content[position] ^= chance.randrange(1, 256)
        changes[f"{index}: {name}, byte {position} is {content[position]}"] = (name, bytes(content))
    return _try_changes(model, scratch, changes)


def load(folder: Path) -> dict[str, Any]:
    """Load a model, use it, and return what came of it: `loaded`, `refused` or an error that has no type of ours."""
    started_s, started_kb = time.monotonic(), _measure_peak_kb()
    outcome, message = "loaded", ""
    try:
        model = LSTMSentiment.from_pretrained(folder)
        model.results, model.recipe  # noqa: B018 - read when they are asked for
        elapsed_s = time.monotonic() - started_s
        model.predict([_TEXT, "fine"])
    except (InputError, NonFiniteError) as error:
        outcome, message, elapsed_s = "refused", str(error), time.monotonic() - started_s
        if "\n" in message or len(message) > MAX_MESSAGE_CHARACTERS:
            outcome = f"a message of {len(message)} characters"
    except BaseException as error:  # the point of it
        outcome, elapsed_s = f"{type(error).__name__}: {str(error)[:100]}", time.monotonic() - started_s
    return {
        "outcome": outcome,
        "message": message[-MAX_MESSAGE_CHARACTERS:],
        "seconds": round(elapsed_s, 2),
        "megabytes": round((_measure_peak_kb() - started_kb) / 1024),
    }


def run_limited(act: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Run a function in a process of its own, with little memory and time, and return what it returns.

    Of a process that hangs or dies, it is one outcome that says so.
    """
    reading, writing = os.pipe()
    process_id = os.fork()
    if process_id == 0:
        os.close(reading)
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES,) * 2)
        os.write(writing, json.dumps(act()).encode())
        os._exit(0)
    os.close(writing)
    answer, deadline_s = b"", time.monotonic() + MAX_S
    while select.select([reading], [], [], max(0.0, deadline_s - time.monotonic()))[0]:
        part = os.read(reading, 2**16)
        answer += part
        if not part:
            break
    else:
        os.kill(process_id, signal.SIGKILL)
    os.close(reading)
    _, status = os.waitpid(process_id, 0)
    if answer and status == 0:
        outcomes: list[dict[str, Any]] = json.loads(answer)
        return outcomes
    died = f"ended by signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else "ended"
    is_late = time.monotonic() >= deadline_s
    outcome, elapsed_s = ("hangs", MAX_S) if is_late else (died, 0.0)
    return [{"outcome": outcome, "message": "", "seconds": elapsed_s, "megabytes": 0}]


def _try_changes(model: Path, scratch: Path, changes: Mapping[str, tuple[str, bytes]]) -> dict[str, Any]:
    """Load a model with each of many changes of a file; some share a process, unless it dies."""
    folder = scratch / "model"
    shutil.copytree(model, folder)

    def load_changed(names: list[str]) -> list[dict[str, Any]]:
        outcomes = []
        for name in names:
            file, content = changes[name]
            (folder / file).write_bytes(content)
            outcomes.append(load(folder))
            shutil.copyfile(model / file, folder / file)
        return outcomes

    outcomes: dict[str, dict[str, Any]] = {}
    for start in range(0, len(changes), _FLIPS_PER_PROCESS):
        names = list(changes)[start : start + _FLIPS_PER_PROCESS]
        found = run_limited(lambda names=names: load_changed(names))  # type: ignore[misc]
        if len(found) != len(names):  # one of them ended the process: which?
            for file in (WEIGHTS_FILE, CONFIG_FILE, TOKENIZER_FILE):
                shutil.copyfile(model / file, folder / file)
            found = [run_limited(lambda name=name: load_changed([name]))[0] for name in names]  # type: ignore[misc]
        outcomes.update(zip(names, found, strict=True))
    shutil.rmtree(folder)
    return _summarize(outcomes)


def _summarize(outcomes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    wrong = {name: each for name, each in outcomes.items() if each["outcome"] not in ("refused", "loaded")}
    return {
        "tried": len(outcomes),
        "refused": sum(each["outcome"] == "refused" for each in outcomes.values()),
        "loaded": sum(each["outcome"] == "loaded" for each in outcomes.values()),
        "names_loaded": [name for name, each in outcomes.items() if each["outcome"] == "loaded"][:20],
        "wrong": [f"{name}: {each['outcome']}" for name, each in wrong.items()],
        "longest_s": max(each["seconds"] for each in outcomes.values()),
        "most_megabytes": max(each["megabytes"] for each in outcomes.values()),
        "longest_message": max(len(each["message"]) for each in outcomes.values()),
    }


def _measure_peak_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
