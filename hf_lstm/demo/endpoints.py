"""Checks the texts of the demo's endpoints, and words their errors.

A refusal says what to do. An error of ours tells nothing.
"""

import contextlib
import functools
import html
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

import gradio as gr

from hf_lstm.api.bodies import MAX_CHARACTERS
from hf_lstm.errors import InputError
from hf_lstm.model.classifier import LSTMSentiment

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
logger = logging.getLogger(__name__)


def refuse(message: str) -> gr.Error:
    """Build an error with a message to the visitor.

    The log gets no traceback of it. The page takes messages for HTML, and they may quote a file: so it is escaped.
    """
    return gr.Error(html.escape(message, quote=False), duration=8, print_exception=False)


def get_message(refusal: gr.Error) -> str:
    """Return the message of a refusal, for what shows it as text."""
    return html.unescape(str(refusal.message))


def handle_errors(endpoint: Callable[P, R]) -> Callable[P, R]:
    """Wrap an endpoint, so that its errors give nothing away.

    Neither page nor log show what was sent, or what the machine holds.
    """

    @functools.wraps(endpoint)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        with _refusing_errors(endpoint.__name__):
            return endpoint(*args, **kwargs)

    return call


def stream_hints(
    endpoint: Callable[P, Iterator[T]], answer_hint: Callable[[dict[str, Any]], T]
) -> Callable[P, Iterator[T]]:
    """Wrap an endpoint of the page that answers step by step, so that a refusal is its last answer.

    Errors give nothing away, as with `handle_errors`.

    Args:
        endpoint: yields answers.
        answer_hint: makes an answer of `{"hint": message}`.
    """

    @functools.wraps(endpoint)
    def call(*args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        try:
            with _refusing_errors(endpoint.__name__):
                yield from endpoint(*args, **kwargs)
        except gr.Error as refusal:
            yield answer_hint({"hint": get_message(refusal)})

    return call


@contextlib.contextmanager
def _refusing_errors(name: str) -> Iterator[None]:
    """Turn each error into a refusal; `name` is that of the endpoint."""
    try:
        yield
    except gr.Error:
        raise
    except InputError as error:
        raise refuse(str(error)) from None
    except Exception as error:
        # Messages may hold the text, or what is in the environment: only where it happened is logged.
        frame = traceback.extract_tb(error.__traceback__)[-1]
        logger.error("%s: %s in %s, line %s", name, type(error).__name__, frame.filename, frame.lineno)
        raise refuse("Something went wrong here; the text is not to blame.") from None


def hint_at_errors(endpoint: Callable[P, R]) -> Callable[P, R | dict[str, Any]]:
    """Wrap an endpoint of the page, so that it returns the message of a refusal as `{"hint": message}`."""

    @functools.wraps(endpoint)
    def call(*args: P.args, **kwargs: P.kwargs) -> R | dict[str, Any]:
        try:
            return endpoint(*args, **kwargs)
        except gr.Error as refusal:
            return {"hint": get_message(refusal)}

    return call


def check_text(text: str | None, model: LSTMSentiment) -> str:
    """Return the text, if the model can answer it.

    Raises:
        gradio.Error: it is blank, too long, or has no word that the model knows.
    """
    if text is None or not text.strip():
        raise refuse("Please enter a text first.")
    check_length(text, "The text")
    if not has_known_word(text, model):
        raise refuse("The model knows none of these words, so any answer would be a guess.")
    return text


def check_length(text: str, name: str) -> None:
    """Refuse a text of more than `MAX_CHARACTERS`.

    The message calls it `name`.

    Raises:
        gradio.Error: it is longer.
    """
    if len(text) > MAX_CHARACTERS:
        raise refuse(f"{name} has {len(text):,} characters; at most {MAX_CHARACTERS:,}, please.")


def has_known_word(text: str, model: LSTMSentiment) -> bool:
    """Return whether the model knows any word of the text.

    It does if any token is not `<unk>`.
    """
    return bool((model.encode([text]).input_ids != model.config.unk_token_id).any())
