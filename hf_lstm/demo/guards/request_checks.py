"""Checks requests to the demo's endpoints before Gradio reads them.

What an endpoint needs is passed on, and nothing more. Gradio checks data only as it computes, and prints what it
refuses with a traceback: the log would hold what was sent.
"""

import inspect
import json
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from email.message import Message
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from hf_lstm.tokenization.word_patterns import replace_surrogates

_CALL = re.compile(r"/gradio_api/call/(v2/)?(\w+)/?")
_JOIN = re.compile(r"/gradio_api/queue/join/?")
_MAX_SESSION_CHARACTERS = 64
MAX_UPLOAD_BYTES = 1024 * 1024
UPLOAD_SUFFIXES = (".csv", ".tsv", ".jsonl", ".txt")
MAX_STORED_UPLOADS = 200
UPLOAD_LIFETIME_S = 600
"""Files are used once, within seconds of their upload."""
_FILE_NAME = re.compile(rb'filename="((?:[^"\\\r\n]|\\.)*)"', re.IGNORECASE)


class Endpoint(NamedTuple):
    """Describes an endpoint: its name and its parameters."""

    api_name: str
    takes_file: Mapping[str, bool]
    """By parameter, in order: whether it is an uploaded file. The others are texts."""


class Refusal(NamedTuple):
    """Holds the answer to a refused request."""

    status: int
    """Of HTTP."""
    detail: str
    """What the page shows."""


class BodyError(ValueError):
    """Reports an unusable body of a request.

    The message says what was expected, not what was sent.
    """


def list_endpoints(demo: gr.Blocks) -> dict[int, Endpoint]:
    """List the endpoints computed on the server.

    They are given by the `fn_index` that pages send.
    """
    return {
        index: Endpoint(
            str(function.api_name),
            {
                name: isinstance(component, gr.File)
                for name, component in zip(inspect.signature(function.fn).parameters, function.inputs, strict=False)
            },
        )
        for index, function in demo.fns.items()
        if function.fn is not None
    }


def count_waiting(demo: gr.Blocks, api_name: str | None) -> int:
    """Count the requests to an endpoint that wait for their turn; of None, to all endpoints."""
    queues = demo._queue.event_queue_per_concurrency_id  # which Gradio tells nobody
    ids = {function.concurrency_id for function in demo.fns.values() if api_name in (None, str(function.api_name))}
    return sum(len(queues[each].queue) for each in ids if each in queues)


def rebuild_body(
    path: str, body: bytes, endpoints: Mapping[int, Endpoint], upload_folder: Path
) -> tuple[bytes, Endpoint | None]:
    """Rebuild a POST request's body for its endpoint, and return it with that.

    It has all that the endpoint needs, and nothing more. Other routes have none: their body is returned as it is.

    Args:
        path: of the request; `/call/v2/` takes an object of parameters, the others a list of `data`.
        body: what was sent.
        endpoints: by `fn_index`.
        upload_folder: where files must lie.

    Raises:
        BodyError: there is no such endpoint, or that is not what it takes.
    """
    call = _CALL.fullmatch(path)
    if call is None and _JOIN.fullmatch(path) is None:
        return body, None
    sent = _parse_object(body)
    if call is None:
        index = sent.get("fn_index")
        endpoint = endpoints.get(index) if type(index) is int else None
    else:
        index = None
        endpoint = next((each for each in endpoints.values() if each.api_name == call[2]), None)
    if endpoint is None:
        raise BodyError("There is no such endpoint.")
    if call is not None and call[1]:
        values = _order_parameters(sent, endpoint)
        checked = _check_values(values, endpoint, upload_folder)
        return _dump(dict(zip(endpoint.takes_file, checked, strict=True))), endpoint
    rebuilt: dict[str, Any] = {"data": _check_values(sent.get("data"), endpoint, upload_folder)}
    if "session_hash" in sent:
        rebuilt["session_hash"] = _check_session(sent["session_hash"])
    if call is None:
        trigger = sent.get("trigger_id")
        rebuilt |= {"fn_index": index, "trigger_id": trigger if type(trigger) is int else None}
    return _dump(rebuilt), endpoint


def _parse_object(body: bytes) -> dict[str, Any]:
    try:
        sent = json.loads(body)
    except (RecursionError, ValueError):  # the latter also if bytes are no UTF-8, or numbers have too many digits
        raise BodyError("That is no JSON.") from None
    if not isinstance(sent, dict):
        raise BodyError("Expected a JSON object.")
    return sent


def _order_parameters(sent: dict[str, Any], endpoint: Endpoint) -> list[Any]:
    if not sent.keys() <= endpoint.takes_file.keys():
        raise BodyError(f"{endpoint.api_name} takes {', '.join(endpoint.takes_file)}, and nothing else.")
    return [sent.get(name) for name in endpoint.takes_file]


def _check_values(values: object, endpoint: Endpoint, upload_folder: Path) -> list[Any]:
    names: Sequence[str] = list(endpoint.takes_file)
    if not isinstance(values, list) or len(values) != len(names):
        raise BodyError(f"Expected data with {len(names)} values: {', '.join(names)}.")
    return [
        _check_file(value, name, upload_folder) if endpoint.takes_file[name] else _check_text(value, name)
        for name, value in zip(names, values, strict=True)
    ]


def _check_text(value: object, name: str) -> str | None:
    if not isinstance(value, str | None):
        raise BodyError(f"{name} must be a text.")
    return None if value is None else replace_surrogates(value)


def _check_file(value: object, name: str, upload_folder: Path) -> dict[str, Any] | None:
    if value is None:
        return None
    path = value.get("path") if isinstance(value, dict) else None
    try:
        if isinstance(path, str) and path:
            found = Path(path).resolve(strict=True)
            if found.is_relative_to(upload_folder.resolve()) and found.is_file():
                return {"path": str(found), "orig_name": found.name, "meta": {"_type": "gradio.FileData"}}
    except (OSError, RuntimeError, ValueError):  # a name too long, links in a circle, a NUL
        pass
    raise BodyError(f"{name} must be a file that was uploaded within the last minutes.")


def _check_session(value: object) -> str | None:
    if value is not None and not (isinstance(value, str) and 0 < len(value) <= _MAX_SESSION_CHARACTERS):
        raise BodyError(f"session_hash must be a text of 1 to {_MAX_SESSION_CHARACTERS} characters.")
    return value


def _dump(rebuilt: dict[str, Any]) -> bytes:
    return json.dumps(rebuilt).encode("ascii")


def check_upload(content_type: str, body: bytes) -> Refusal | None:
    """Check an upload: one file of an allowed type.

    Returns why it is refused; None if it is not.
    """
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_param("boundary")
    if header.get_content_type() != "multipart/form-data" or not isinstance(boundary, str) or not boundary:
        return Refusal(400, "That is no upload of a file.")
    if body.count(b"--" + boundary.encode("latin-1", errors="replace")) != 2:  # before and after the only part
        return Refusal(400, "Please upload one file at a time.")
    head, separator, content = body.partition(b"\r\n\r\n")
    name = _FILE_NAME.search(head)
    if not separator or name is None:
        return Refusal(400, "That is no upload of a file.")
    if Path(name[1].decode("utf-8", errors="replace")).suffix.lower() not in UPLOAD_SUFFIXES:
        return Refusal(415, f"Please upload a file of one of the types {', '.join(UPLOAD_SUFFIXES)}.")
    if len(content) > MAX_UPLOAD_BYTES:
        return Refusal(413, f"Files of up to {MAX_UPLOAD_BYTES // 2**20} MB, please.")
    return None


def make_room(folder: Path) -> bool:
    """Delete old uploads, and return whether more may be stored.

    Old are those of more than `UPLOAD_LIFETIME_S` ago.
    """
    if not folder.is_dir():
        return True
    oldest = time.time() - UPLOAD_LIFETIME_S
    num_stored = 0
    for upload in folder.iterdir():  # a folder for each file
        try:
            if upload.stat().st_mtime >= oldest:
                num_stored += 1
            elif upload.is_dir():  # a file is somebody else's
                shutil.rmtree(upload)
        except FileNotFoundError:
            continue  # another request was faster
    return num_stored < MAX_STORED_UPLOADS
