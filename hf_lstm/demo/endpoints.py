"""What the demo's endpoints share: limits on texts, refusals that say what to do, and errors that tell nothing."""

import functools
import logging
import traceback
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import gradio as gr

from hf_lstm.errors import InputError
from hf_lstm.model.classifier import LSTMSentiment

MAX_CHARACTERS = 20_000
"""Longer texts are refused; the longest review of IMDB has 14,282."""

P = ParamSpec("P")
R = TypeVar("R")
logger = logging.getLogger(__name__)


def refuse(message: str) -> gr.Error:
    """Return what an endpoint raises to show a message to whoever asked, without a traceback in the log."""
    return gr.Error(message, duration=8, print_exception=False)


def guard_endpoint(endpoint: Callable[P, R]) -> Callable[P, R]:
    """Return the endpoint with errors that neither show nor log what was sent or what the machine holds."""

    @functools.wraps(endpoint)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return endpoint(*args, **kwargs)
        except gr.Error:
            raise
        except InputError as error:
            raise refuse(str(error)) from None
        except Exception as error:
            # Messages may hold the text, or what is in the environment: only where it happened is logged.
            frame = traceback.extract_tb(error.__traceback__)[-1]
            name = endpoint.__name__
            logger.error("%s: %s in %s, line %s", name, type(error).__name__, frame.filename, frame.lineno)
            raise refuse("Something went wrong here; the text is not to blame.") from None

    return call


def check_text(text: str | None, model: LSTMSentiment) -> str:
    """Return the text, if there is an honest answer to it.

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
    """Refuse a text of more than `MAX_CHARACTERS`, called `name` in the message.

    Raises:
        gradio.Error: it is longer.
    """
    if len(text) > MAX_CHARACTERS:
        raise refuse(f"{name} has {len(text):,} characters; at most {MAX_CHARACTERS:,}, please.")


def has_known_word(text: str, model: LSTMSentiment) -> bool:
    """Return whether the model reads any token of the text but `<unk>`."""
    return bool((model.encode([text]).input_ids != model.config.unk_token_id).any())
