"""Bounds the time of every call to the Hugging Face Hub."""

import contextlib
import email.utils
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from huggingface_hub import constants, set_client_factory
from huggingface_hub.errors import OfflineModeIsEnabled
from huggingface_hub.utils import _http, get_session, httpx, parse_ratelimit_headers  # type: ignore[attr-defined]

from hf_lstm.hub.bodies import Patience, PatientStream, find_token, read_answer
from hf_lstm.hub.errors import (
    HUB_ERRORS,
    UNREADABLE_ERRORS,
    HubUnavailable,
    UnreadableAnswer,
    iterate_causes,
    write_on_one_line,
)
from hf_lstm.markdown import format_duration
from hf_lstm.progress import hub_bars

T = TypeVar("T")
logger = logging.getLogger(__name__)

SILENCE_TIMEOUT_S = 20.0
"""A request fails when nothing is sent or received for this long; a slow transfer that goes on does not."""
PUSH_RETRY_FOR_S = 70.0
"""No attempt starts later than this after the first failure, so a Hub that is down is given up on within 120 s."""
READ_RETRY_FOR_S = 10.0
"""The same for what is only read: somebody waits for it, and the cache may have it."""
FIRST_DELAY_S = 1.0
MAX_DELAY_S = 8.0

_session_lock = threading.RLock()
_PASSING_STATUSES = (408, 429, 500, 502, 503, 504)
_WRONG_SIZE = "Consistency check failed"
"""So begins what the client says of a download that is too short or too long."""
_PASSING_ERRORS = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError)


def call_hub(action: Callable[[], T], *, retry_for_s: float | None = None) -> T:
    """Call the Hub until it answers, for a bounded time.

    Returns `action()`, started again while the Hub fails in a way that may pass. The log says so once, and once when
    it answers again. The pauses double from 1 to 8 s, or are what the Hub asks for (`Retry-After`). The action must be
    safe to repeat: a request may have taken effect although its response was lost.

    Args:
        action: what to do with the client.
        retry_for_s: how long after the first failure another attempt may start; by default `PUSH_RETRY_FOR_S`.

    Raises:
        HubUnavailable: the Hub still fails after that time, or asks to wait for longer.
        UnreadableAnswer: what answers is no Hub, or a broken one.
    """
    retry_for_s = PUSH_RETRY_FOR_S if retry_for_s is None else retry_for_s
    delay_s, give_up_at_s, num_failures = FIRST_DELAY_S, None, 0
    patience = Patience()
    while True:
        try:
            with _bounded_session(patience), hub_bars():
                answer = action()
            if num_failures:
                logger.warning("the Hub answers again, at attempt %d", num_failures + 1)
            return answer
        except Exception as error:
            failure = _find_passing_failure(error)
            if failure is None:
                if isinstance(error, UNREADABLE_ERRORS):
                    raise UnreadableAnswer(f"{type(error).__name__}: {write_on_one_line(error)}") from error
                raise
            now_s = time.monotonic()
            give_up_at_s = give_up_at_s or now_s + retry_for_s
            wait_s = max(delay_s, failure.retry_after_s or 0)
            if not failure.may_pass or now_s + wait_s > give_up_at_s:
                raise failure from error
            num_failures += 1
            if num_failures == 1:  # once: a log of the same lines says no more
                logger.warning("%s; trying again for up to %s", failure.reason, format_duration(retry_for_s))
        time.sleep(wait_s)
        delay_s = min(2 * delay_s, MAX_DELAY_S)


def fetch_from_hub(action: Callable[[], T], *, uses_cache: bool = True) -> T:
    """Fetch from the Hub, or from the cache while it fails.

    Returns `action()`. The client falls back to its cache by itself, but not at the failures that `call_hub` waits
    for. Once these have lasted for `READ_RETRY_FOR_S`, the action runs a last time with a client that is offline.

    Args:
        action: what to fetch with the client.
        uses_cache: whether what was downloaded earlier will do.

    Raises:
        HubUnavailable: the Hub fails for that time, and the cache does not have all that the action needs.
    """
    try:
        return call_hub(action, retry_for_s=READ_RETRY_FOR_S)
    except HubUnavailable as failure:
        if not uses_cache:
            raise
        try:
            with _bounded_session(Patience(), failure):
                found = action()
        except (*HUB_ERRORS, *UNREADABLE_ERRORS) as error:
            raise failure from error
        logger.warning("the Hub does not answer (%s): using what was downloaded earlier", failure)
        return found


class _BoundedSession(httpx.Client):
    """Sends requests through another session, with time-outs and without retries.

    The client sets no time-out on most requests. It retries some by itself, without a bound on the time and without
    knowing that a commit whose response was lost did take effect; it never retries others. `HubUnavailable`, which it
    does not know, gets past all that.

    Args:
        session: the user's, with its proxies, certificates, headers and hooks. It stays open.
        patience: for bodies that are slow to come.
        failure: why the Hub was given up, if it was. No request is sent then, and the client looks into its cache, as
            with `HF_HUB_OFFLINE`. At a `ConnectError` it would too, but ask for another 23 s if nothing is there.
    """

    def __init__(self, session: httpx.Client, patience: Patience, failure: HubUnavailable | None) -> None:
        super().__init__(transport=httpx.BaseTransport())  # it opens no connections of its own
        self._users_session, self._patience, self._failure = session, patience, failure

    def build_request(self, *arguments: Any, **options: Any) -> Any:
        return self._users_session.build_request(*arguments, **options)

    def send(self, request: Any, *, stream: bool = False, **options: Any) -> Any:
        if self._failure is not None:
            raise OfflineModeIsEnabled(self._failure.reason)
        # In each request, since the client overrules the session's own time-out: `model_info` sets it to None.
        limits = request.extensions.get("timeout", {})
        limits = {kind: limits.get(kind) or SILENCE_TIMEOUT_S for kind in ("connect", "read", "write", "pool")}
        request.extensions = {**request.extensions, "timeout": limits}
        try:
            # as a stream, since bodies are read here
            response = self._users_session.send(request, stream=True, **options)
            if response.status_code in _PASSING_STATUSES:
                response.close()
                reason = f"{request.url.host} answers {response.status_code} to {request.method} {request.url.path}"
                raise HubUnavailable(reason, _get_retry_after_s(response.headers))
            response.stream = PatientStream(response, self._patience)
            is_file = stream and response.status_code < 400
            return response if is_file else read_answer(response, find_token(request))
        except _PASSING_ERRORS as error:
            raise _describe_transport_error(error) from error


@contextmanager
def _bounded_session(patience: Patience, failure: HubUnavailable | None = None) -> Iterator[None]:
    """Bound the client's session during one action.

    All threads share the session, so actions take turns. Afterwards the user's factory and session are in place again.

    Xet storage is left aside for plain HTTP: `hf_xet` has its own connections and retries, and kept on for more than
    9 minutes where the store was silent or gone. What its chunks save on a model of some megabytes is little.
    """
    with _session_lock:
        session, factory = get_session(), _http._GLOBAL_CLIENT_FACTORY  # which can be set, but not asked for
        without_xet = constants.HF_HUB_DISABLE_XET
        # Setting a factory closes the session that the client knows of, and cuts what other threads have under way.
        _http._GLOBAL_CLIENT = None
        set_client_factory(lambda: _BoundedSession(session, patience, failure))
        constants.HF_HUB_DISABLE_XET = True
        try:
            yield
        finally:
            constants.HF_HUB_DISABLE_XET = without_xet
            set_client_factory(factory)
            _http._GLOBAL_CLIENT = session


def _find_passing_failure(error: BaseException) -> HubUnavailable | None:
    for cause in iterate_causes(error):  # the client wraps what happens in its upload threads
        if isinstance(cause, HubUnavailable):
            return cause
        if isinstance(cause, _PASSING_ERRORS):  # while the body of a download was read
            return _describe_transport_error(cause)
        if isinstance(cause, OSError) and str(cause).startswith(_WRONG_SIZE):
            return HubUnavailable(f"what the Hub at {constants.ENDPOINT} sends is of another size than it says")
    return None


def _describe_transport_error(error: Any) -> HubUnavailable:
    if isinstance(error, httpx.TimeoutException):
        return HubUnavailable(f"{error.request.url.host} is silent for {SILENCE_TIMEOUT_S:.0f} s")
    return HubUnavailable(f"{error.request.url.host}: {write_on_one_line(error).rstrip('.')}")


def _get_retry_after_s(headers: Any) -> float | None:
    """Return the seconds to wait, told as a number, a date or a rate limit."""
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    with contextlib.suppress(ValueError, OverflowError):  # a year that no calendar has
        date = email.utils.parsedate_tz(value) if value else None
        if date is not None:
            return max(0.0, email.utils.mktime_tz(date) - time.time())
    limit = parse_ratelimit_headers(headers)
    return float(limit.reset_in_seconds) if limit is not None and limit.remaining == 0 else None
