"""How a straightforward loop finds the words of a text."""

import re
from collections.abc import Callable

from hf_lstm.config import TokenizerConfig


def find_lowercase_words(text: str) -> list[str]:
    r"""Return the matches of `\b\w+\b` in the lower-cased text."""
    return re.findall(r"\b\w+\b", text.lower())


def split_lowercase(text: str) -> list[str]:
    """Return the lower-cased text split at whitespace."""
    return text.lower().split()


def choose_word_finder(config: TokenizerConfig) -> Callable[[str], list[str]]:
    """Return the function that finds the words that a tokenizer of `config` does."""
    finders: dict[tuple[str, bool], Callable[[str], list[str]]] = {
        ("word_characters", True): find_lowercase_words,
        ("whitespace", True): split_lowercase,
        ("whitespace", False): str.split,
    }
    return finders[config.words, config.lowercase]
