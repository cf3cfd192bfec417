"""Describes failures of the Hugging Face Hub, each in one clear line."""

import errno
import json
import re
from collections.abc import Iterator

from huggingface_hub import constants
from huggingface_hub.errors import (
    DisabledRepoError,
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # its HTTP library, whatever the release

from hf_lstm.errors import InputError

HOW_TO_LOG_IN = "log in with `hf auth login` or set HF_TOKEN"
HIDDEN_TOKEN = "<token>"


class HubUnavailable(Exception):  # noqa: N818 - a state of the Hub, like the client's OfflineModeIsEnabled
    """Reports a temporary failure of the Hub.

    It is silent or overloaded, lost the connection, or has an internal error.

    Attributes:
        reason: what happened, in a few words.
        retry_after_s: seconds that the Hub asks to wait, if it does.
        may_pass: whether another attempt is worth its time.
    """

    def __init__(self, reason: str, retry_after_s: float | None = None, *, may_pass: bool = True) -> None:
        reason = write_on_one_line(reason)
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s
        self.may_pass = may_pass


class UnreadableAnswer(RuntimeError):  # noqa: N818 - it names what came, as `HubUnavailable` does
    """Reports an answer that is not what the Hub sends, such as the page of a proxy."""


HUB_ERRORS = (OSError, ValueError, RuntimeError, httpx.HTTPError, EntryNotFoundError, HubUnavailable)
"""All that the client is known to raise: its HTTP library's errors are none of the builtin ones."""
UNREADABLE_ERRORS = (
    AssertionError, AttributeError, LookupError, RecursionError, TypeError, UnicodeError, json.JSONDecodeError,
    httpx.DecodingError, httpx.InvalidURL,
)  # fmt: skip
"""What the client ends in where an answer is not of the form that it expects."""

_SENTENCES: tuple[tuple[type[Exception], str], ...] = (  # the first that fits: some are subclasses of later ones
    (GatedRepoError, f"is gated: accept its terms on its page on the Hub, and {HOW_TO_LOG_IN}"),
    (DisabledRepoError, "is disabled on the Hub: choose another one"),
    (RepositoryNotFoundError, f"is not on the Hub, or is private: check the name, or {HOW_TO_LOG_IN}"),
    (RevisionNotFoundError, "has no such revision on the Hub: check the branch, tag or commit"),
    (OfflineModeIsEnabled, "is not in the cache, and the client is offline: unset HF_HUB_OFFLINE to download it"),
    (LocalTokenNotFoundError, f"needs a login: {HOW_TO_LOG_IN}"),
)


def describe_hub_error(error: BaseException, what: str) -> InputError:
    """Describe an error of the client in one line, to raise instead.

    The line says what failed, why, and what to do, without any token.

    Args:
        error: what the client raised. Its causes are looked at too, since the client wraps one error in another.
        what: the thing asked for, to begin the sentence: `model 'org/imdb-lstm'`.
    """
    for cause in iterate_causes(error):
        if explanation := _explain(cause):
            return InputError(f"{what} {explanation}")
    return InputError(f"{what} is out of reach: {write_on_one_line(error)}")


def iterate_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes, from last to first, each once."""
    cause: BaseException | None = error
    seen: set[int] = set()  # an error can be its cause's cause
    while cause is not None and id(cause) not in seen:
        yield cause
        seen.add(id(cause))
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def write_on_one_line(error: object) -> str:
    """Shorten an error's message to 300 characters on one line, without tokens."""
    text = re.sub(r"hf_[A-Za-z0-9]{8,}|(?<=Bearer )[^\s'\"]+", HIDDEN_TOKEN, " ".join(str(error).split()))
    return text if len(text) <= 300 else f"{text[:297]}..."


def _explain(error: BaseException) -> str | None:
    for kind, sentence in _SENTENCES:
        if isinstance(error, kind):
            return sentence
    if isinstance(error, HFValidationError):
        return f"is not a name that the Hub knows: {write_on_one_line(error)}"
    if isinstance(error, RemoteEntryNotFoundError):
        return f"has no file {_get_file_name(error)} on the Hub"
    if isinstance(error, HfHubHTTPError):
        return _explain_status(error.response.status_code, write_on_one_line(error.server_message or "no reason given"))
    if isinstance(error, HubUnavailable):
        return f"is out of reach: {error.reason}; check the network and HF_ENDPOINT, or try again later"
    if isinstance(error, UnreadableAnswer):
        return (
            f"is out of reach: what answers at {constants.ENDPOINT} is no Hub, or a broken one "
            f"({write_on_one_line(error)}); check HF_ENDPOINT and the proxy, or try again later"
        )
    if isinstance(error, httpx.HTTPError):
        return (
            f"is out of reach: the Hub at {constants.ENDPOINT} does not answer ({write_on_one_line(error)}); check the "
            "network and HF_ENDPOINT, or set HF_HUB_OFFLINE=1 to use what is cached"
        )
    if isinstance(error, LocalEntryNotFoundError):
        is_root = len(list(iterate_causes(error))) == 1  # else the cause says why nothing was downloaded
        return "is not in the cache: allow downloads once" if is_root else None
    if isinstance(error, OSError) and error.errno:  # some only borrow the class
        return _explain_os_error(error)
    return None


def _get_file_name(error: RemoteEntryNotFoundError) -> str:
    _, is_file, file = error.response.url.path.partition("/resolve/")
    return repr(file.partition("/")[2]) if is_file else "of that name"


def _explain_status(status: int, server_message: str) -> str:
    settings = f"{constants.ENDPOINT}/settings/tokens"
    if status == 401:
        return f"needs a valid token, and the Hub refuses this one: make one at {settings}, and {HOW_TO_LOG_IN}"
    if status == 402:
        return f"needs a paid plan, says the Hub ({server_message})"
    if status == 403:
        return f"does not permit this to your token ({server_message}); use one that may, see {settings}"
    if status in (408, 429) or status >= 500:
        return f"is out of reach: the Hub answers {status} ({server_message}); try again later"
    return f"is refused: the Hub answers {status} ({server_message})"


def _explain_os_error(error: OSError) -> str:
    place = f" ({error.filename})" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"cannot be stored{place}, the disk is full: free some space, or set HF_HOME to a folder elsewhere"
    return f"cannot be read or stored{place}: {write_on_one_line(error.strerror or error)}"
