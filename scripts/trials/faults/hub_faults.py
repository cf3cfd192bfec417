"""Downloads from and pushes to a Hub that fails in every way we know, and says what came of each."""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from huggingface_hub import constants

from hf_lstm.errors import InputError
from hf_lstm.hub import bodies, session
from hf_lstm.hub.download import fetch_model_folder
from hf_lstm.hub.push import push_model_folder, require_login

REPO = "me/x"
DOWNLOAD_ENDPOINTS = ("info", "tree", "resolve")
PUSH_ENDPOINTS = ("create", "info", "tree", "preupload", "lfs-batch", "lfs-upload", "lfs-verify", "commit")
PASSING_STATUSES, REFUSALS = (408, 429, 500, 502, 503, 504), (400, 401, 402, 403, 404, 413)
KINDS = ("drop", "drop_mid_body", "stall", "stall_mid_body", "trickle", "html", "list")
PASSING_KINDS = ("status", "drop", "drop_mid_body", "drop_mid_request", "lose_response", "stall", "flip_byte", "cut")
"""Which a download or a push survives if they happen once or twice."""
MAX_MESSAGE_CHARACTERS = 800


class Case(NamedTuple):
    """Describes a fault of one endpoint, and what is done meanwhile."""

    does: str
    """`download`, `push` or `login`."""
    endpoint: str
    kind: str
    status: int
    times: int | None
    """None for ever."""

    @property
    def name(self) -> str:
        """Return the case in words."""
        what = f"{self.kind} {self.status}" if self.kind in ("status", "echo_token") else self.kind
        return f"{self.does}: {what} at {self.endpoint}, {'always' if self.times is None else f'{self.times} times'}"


def list_cases() -> Iterator[Case]:
    """List all cases."""
    endpoints = {"download": DOWNLOAD_ENDPOINTS, "push": PUSH_ENDPOINTS, "login": ("whoami",)}
    for does, its in endpoints.items():
        for endpoint in its:
            for times in (1, 2, None):
                yield from (Case(does, endpoint, "status", status, times) for status in PASSING_STATUSES)
                yield from (Case(does, endpoint, kind, 0, times) for kind in KINDS if times != 2)
            yield from (Case(does, endpoint, "status", status, None) for status in REFUSALS)
            yield from (Case(does, endpoint, "echo_token", status, None) for status in (400, 403, 500))
    for kind in ("flip_byte", "cut", "other_commit"):
        yield from (Case("download", "resolve", kind, 0, times) for times in (1, 2, None))
    yield from (Case("push", endpoint, "lose_response", 0, 1) for endpoint in ("create", "lfs-upload", "commit"))
    yield from (Case("push", endpoint, "drop_mid_request", 0, 1) for endpoint in ("preupload", "lfs-upload", "commit"))


def shorten_waits(share: float) -> None:
    """Shorten all waits, so that the many cases that wait for their end take minutes instead of hours."""
    for module, names in {
        session: ("SILENCE_TIMEOUT_S", "PUSH_RETRY_FOR_S", "READ_RETRY_FOR_S", "FIRST_DELAY_S", "MAX_DELAY_S"),
        bodies: ("MAX_WAIT_S",),
    }.items():
        for name in names:
            setattr(module, name, getattr(module, name) * share)
    constants.HF_HUB_DOWNLOAD_TIMEOUT = constants.HF_HUB_ETAG_TIMEOUT = max(0.2, 10 * share)  # type: ignore[assignment]


def try_faults(
    hub: Any, make_fault: Callable[..., Any], model: Path, scratch: Path, cases: list[Case], *, share: float
) -> dict[str, Any]:
    """Try each case with the Hub of the tests and its faults, and count what came of it.

    `share` is what `shorten_waits` has left of all waits.
    """
    outcomes: dict[str, dict[str, Any]] = {}
    files = {path.name: path.read_bytes() for path in model.iterdir() if path.is_file()}
    for case in cases:
        hub.reset()
        hub.trickle_pause_s = 5 * share
        constants.HF_HUB_CACHE = str(scratch / "cache")
        if case.does == "download":
            hub.add_repo(REPO, folder=model)
        fault = make_fault(case.kind, status=case.status or 503)
        hub.inject(case.endpoint, *[fault] * (case.times or 1), forever=case.times is None)
        outcomes[case.name] = _try(case, model, next(iter(hub.tokens)))
        if {path.name: path.read_bytes() for path in model.iterdir() if path.is_file()} != files:
            outcomes[case.name]["outcome"] = "the folder was changed"
        if case.does == "download" and (found := _find_false(scratch / "cache", model)):
            outcomes[case.name]["outcome"] = f"the cache keeps a false {found}"
        if case.does == "push" and ("model", REPO) in hub.repos and len(hub.commits(REPO)) > 3:
            outcomes[case.name]["outcome"] = f"{len(hub.commits(REPO))} commits"
        shutil.rmtree(scratch / "cache", ignore_errors=True)
    hub.reset()
    wrong = {name: each["outcome"] for name, each in outcomes.items() if each["outcome"] not in ("done", "refused")}
    passing = [case.name for case in cases if case.times and case.kind in PASSING_KINDS]
    return {
        "tried": len(outcomes),
        "done": sum(each["outcome"] == "done" for each in outcomes.values()),
        "refused": sum(each["outcome"] == "refused" for each in outcomes.values()),
        "passing": len(passing),
        "passing_but_refused": [name for name in passing if outcomes[name]["outcome"] != "done"],
        "wrong": [f"{name}: {outcome}" for name, outcome in wrong.items()],
        "longest_s": round(max(each["seconds"] for each in outcomes.values()), 2),
        "longest_message": max(len(each["message"]) for each in outcomes.values()),
    }


def _try(case: Case, model: Path, token: str) -> dict[str, Any]:
    """Do what a case does, and return what came of it."""
    actions: Mapping[str, Callable[[], object]] = {
        "download": lambda: _compare(fetch_model_folder(REPO, token=token), model),
        "push": lambda: push_model_folder(model, REPO, token=token),
        "login": lambda: require_login(token),
    }
    started_s, message = time.monotonic(), ""
    try:
        actions[case.does]()
        outcome = "done"
    except InputError as error:
        outcome, message = "refused", str(error)
        if "\n" in message or len(message) > MAX_MESSAGE_CHARACTERS:
            outcome = f"a message of {len(message)} characters"
        if token in message:
            outcome = "the token is shown"
    except BaseException as error:  # the point of it
        outcome = f"{type(error).__name__}: {str(error)[:100]}"
    return {"outcome": outcome, "message": message, "seconds": time.monotonic() - started_s}


def _compare(folder: Path, model: Path) -> None:
    """Raise an error if a downloaded folder is not the model."""
    for path in folder.iterdir():
        if path.read_bytes() != (model / path.name).read_bytes():
            raise RuntimeError(f"{path.name} is not what was uploaded")


def _find_false(cache: Path, model: Path) -> str | None:
    """Find a file in the cache that is not the model's, although a later download would take it for that."""
    for path in cache.glob("*/snapshots/*/*"):
        if path.is_file() and path.read_bytes() != (model / path.name).read_bytes():
            return path.name
    return None
