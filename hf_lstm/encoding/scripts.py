"""Measures how much of a text a tokenizer reads, and whether its script needs `any_script`."""

import logging
import unicodedata
from collections import Counter
from collections.abc import Sequence

from hf_lstm.encoding.encoder import EncodedTexts
from hf_lstm.tokenization.word_patterns import is_unspaced

NUM_SAMPLED_TEXTS = 1_000
MIN_SHARE = 0.05
"""Of the characters of words: English with a few foreign names has far fewer, Hindi and Thai more than 30 %."""
MAX_UNKNOWN = 0.5
"""Of the tokens: a model that knows fewer of a text has little to say of it."""
MIN_TOKENS = 10
"""Fewer unknown tokens are no reason for a warning."""

logger = logging.getLogger(__name__)


def needs_any_script(texts: Sequence[str]) -> bool:
    """Return whether texts have many marks inside words, or characters of scripts without blanks between words.

    A sample of up to `NUM_SAMPLED_TEXTS` is looked at, evenly spaced.
    """
    counts = _count_characters(texts)
    num_odd = sum(count for character, count in counts.items() if _is_odd(character))
    num_others = sum(count for character, count in counts.items() if character.isalnum() and not _is_odd(character))
    return num_odd > MIN_SHARE * (num_odd + num_others)


def measure_unknown(texts: EncodedTexts, unk_token_id: int) -> float:
    """Measure the share of tokens that are `<unk>`, 0 to 1; a text without tokens counts as one."""
    return float((texts.input_ids == unk_token_id).mean()) if len(texts.input_ids) else 0.0


def warn_of_unknown(texts: EncodedTexts, unk_token_id: int, what: str) -> None:
    """Log a warning if most tokens of `what` are unknown to the model."""
    share = measure_unknown(texts, unk_token_id)
    if share > MAX_UNKNOWN and len(texts.input_ids) >= MIN_TOKENS:
        logger.warning(
            "%.0f %% of the tokens of %s are unknown to the model: is it of another language?", 100 * share, what
        )


def are_unspaced(texts: Sequence[str]) -> bool:
    """Return whether most letters of texts are of scripts without blanks between words; a sample is looked at."""
    counts = _count_characters(texts)
    num_letters = sum(count for character, count in counts.items() if character.isalnum())
    num_unspaced = sum(count for character, count in counts.items() if character.isalnum() and is_unspaced(character))
    return 2 * num_unspaced > num_letters


def _count_characters(texts: Sequence[str]) -> Counter[str]:
    step = max(1, len(texts) // NUM_SAMPLED_TEXTS)
    counts: Counter[str] = Counter()
    for text in texts[::step]:
        counts.update(text)
    return counts


def _is_odd(character: str) -> bool:
    if character.isascii():
        return False
    is_letter_without_blanks = character.isalnum() and is_unspaced(character)
    return is_letter_without_blanks or unicodedata.category(character) in ("Mn", "Mc")
