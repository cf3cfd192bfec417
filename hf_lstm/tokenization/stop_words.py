"""Loads the English stop words, and those of them that say nothing."""

import functools
import importlib.resources

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
    return load_stop_words() - _MEANINGFUL_STOP_WORDS
