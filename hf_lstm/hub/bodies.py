"""Reads what the Hub answers: for a bounded time, of a bounded size, and without the token in it."""

import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # its HTTP library, whatever the release

from hf_lstm.hub.errors import HIDDEN_TOKEN, HubUnavailable

MAX_WAIT_S = 60.0
"""How long the bodies of one address may keep us waiting, in all attempts of a call."""
MIN_BYTES_PER_S = 10_000
"""Bodies that come at this rate may take longer: each byte buys its time."""
MAX_ANSWER_BYTES = 64 * 2**20
"""Of what is no download of a file: lists, descriptions, refusals."""
MAX_REFUSAL_BYTES = 2**16
_MIN_TOKEN_CHARACTERS = 8
"""Anything shorter is no token, and may stand in any text."""


class Patience:
    """Bounds how long a call waits for the bodies of answers.

    A body that trickles is never silent, and the client starts over when one breaks off. So the time is added up over
    all bodies of an address.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # files are fetched in several threads
        self._spent_s: dict[str, float] = {}

    def wait_for(self, url: Any, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the chunks of a body while there is patience.

        Raises:
            HubUnavailable: it is at its end. Trying again is of no use.
        """
        address = f"{url.host}{url.path}"
        while True:
            started_s = time.monotonic()
            try:
                chunk = next(chunks, None)
            finally:
                spent_s = self._spend(address, time.monotonic() - started_s)
            if chunk is None:
                return
            if spent_s > MAX_WAIT_S:
                raise HubUnavailable(f"{url.host} sends too little of {url.path} in {MAX_WAIT_S:.0f} s", may_pass=False)
            self._spend(address, -len(chunk) / MIN_BYTES_PER_S)
            yield chunk

    def _spend(self, address: str, seconds: float) -> float:
        with self._lock:
            self._spent_s[address] = spent_s = max(0.0, self._spent_s.get(address, 0.0) + seconds)
        return spent_s


class PatientStream(httpx.SyncByteStream):
    """Passes a response's body on, chunk by chunk, within some patience."""

    def __init__(self, response: Any, patience: Patience) -> None:
        self._stream, self._url, self._patience = response.stream, response.request.url, patience

    def __iter__(self) -> Iterator[bytes]:
        return self._patience.wait_for(self._url, iter(self._stream))

    def close(self) -> None:
        """Close the connection, or give it back."""
        self._stream.close()


def read_answer(response: Any, token: str | None) -> Any:
    """Read the body of a response that is no file, and return a response that has it.

    The token is taken out of it, and of its headers: some servers repeat what they were sent.

    Raises:
        HubUnavailable: it is larger than any answer of the Hub.
    """
    is_refusal = response.status_code >= 400
    max_bytes = MAX_REFUSAL_BYTES if is_refusal else MAX_ANSWER_BYTES
    content = bytearray()
    try:
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > max_bytes:
                break
    finally:
        response.close()
    if len(content) > max_bytes and not is_refusal:
        raise HubUnavailable(
            f"{response.request.url.host} answers with more than {max_bytes:,} bytes to "
            f"{response.request.method} {response.request.url.path}",
            may_pass=False,
        )
    # of the body as it came; it is decoded and whole now
    dropped = ("content-encoding", "content-length", "transfer-encoding")
    headers = [(name, value) for name, value in response.headers.multi_items() if name.lower() not in dropped]
    return httpx.Response(
        response.status_code,
        headers=[(name, hide_token(value, token)) for name, value in headers],
        content=hide_token(bytes(content[:max_bytes]).decode("latin-1"), token).encode("latin-1"),
        request=response.request,
        history=response.history,
        default_encoding=response.default_encoding,
    )


def find_token(request: Any) -> str | None:
    """Return the token that a request carries, if any."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if kind == "Bearer" and len(token) >= _MIN_TOKEN_CHARACTERS else None


def hide_token(text: str, token: str | None) -> str:
    """Take a token out of a text, as it is and as addresses have it."""
    if token is None:
        return text
    return text.replace(token, HIDDEN_TOKEN).replace(quote(token, safe=""), HIDDEN_TOKEN)
