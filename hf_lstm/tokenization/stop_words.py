"""Loads the English stop words, those of them that say nothing, and what a tokenizer leaves out."""

import functools
import importlib.resources
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

_MEANINGFUL_STOP_WORDS = frozenset(
    "against ain aren but couldn didn doesn don few hadn hasn haven isn mightn more most mustn needn no nor not off "
    "only shan shouldn t too very wasn weren won wouldn".split()
)
"""What turns or weighs a statement; `t` is the end of a negation."""
_PLAIN_WORDS = frozenset([*"a an and in of the to".split(), *".,;-'\"`_–—…«»"])


@functools.cache
def load_stop_words() -> frozenset[str]:
    """Load NLTK's 179 English stop words."""
    resource = importlib.resources.files("hf_lstm") / "resources" / "stop_words_english.txt"
    return frozenset(resource.read_text(encoding="utf-8").split())


@functools.cache
def load_function_words() -> frozenset[str]:
    """Load the stop words that say nothing by themselves, nor turn or weigh what others say."""
    return frozenset(word for word in load_stop_words() - _MEANINGFUL_STOP_WORDS if not word.endswith("n't"))


def list_plain_words() -> frozenset[str]:
    """Return articles, `and`, `in`, `of` and `to`, and marks that say as little: a quarter of an English text.

    Marks of stars, grades, smileys, questions and exclamations are none of them.
    """
    return _PLAIN_WORDS


LEFT_OUT: Final[Mapping[str, Callable[[], frozenset[str]]]] = {
    "drop": load_stop_words,
    "drop_plain": list_plain_words,
}
"""Gives the words that a tokenizer leaves out, by `TokenizerConfig.stop_words`; other values leave none out."""


def says_nothing(word: str) -> bool:
    """Return whether a word is a function word, or punctuation other than ! and ?."""
    if word.lower() in load_function_words():
        return True
    return word != "" and all(mark not in "!?" and unicodedata.category(mark).startswith("P") for mark in word)
