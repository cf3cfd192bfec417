"""Loads the English stop words, and those of them that say nothing."""

import functools
import importlib.resources
import unicodedata

_MEANINGFUL_STOP_WORDS = frozenset(
    "against ain aren but couldn didn doesn don few hadn hasn haven isn mightn more most mustn needn no nor not off "
    "only shan shouldn t too very wasn weren won wouldn".split()
)
"""What turns or weighs a statement; `t` is the end of a negation."""


@functools.cache
def load_stop_words() -> frozenset[str]:
    """Load NLTK's 179 English stop words."""
    resource = importlib.resources.files("hf_lstm") / "resources" / "stop_words_english.txt"
    return frozenset(resource.read_text(encoding="utf-8").split())


@functools.cache
def load_function_words() -> frozenset[str]:
    """Load the stop words that say nothing by themselves, nor turn or weigh what others say."""
    return frozenset(word for word in load_stop_words() - _MEANINGFUL_STOP_WORDS if not word.endswith("n't"))


def says_nothing(word: str) -> bool:
    """Return whether a word is a function word, or punctuation other than ! and ?."""
    if word.lower() in load_function_words():
        return True
    return word != "" and all(mark not in "!?" and unicodedata.category(mark).startswith("P") for mark in word)
