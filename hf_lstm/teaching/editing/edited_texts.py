"""Edits English reviews and their sentences by rule, so that few words turn what they say, and labels the edits.

Networks learn from reviews which words go along with praise or blame: of the topic, too, and whatever stands before
them. Beside texts in which only the words of praise and blame are turned, only these tell.
"""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hf_lstm.teaching.editing.compositions import write_composition, write_sentence
from hf_lstm.teaching.editing.crops import split_sentences
from hf_lstm.teaching.editing.negation import affirm, count_turns, negate
from hf_lstm.teaching.editing.opposites import (
    BLAME,
    PRAISE,
    SURE,
    TURNED,
    UNDECIDED,
    find_sides,
    swap_words,
    weigh,
)
from hf_lstm.teaching.editing.phrases import write_phrase
from hf_lstm.teaching.editing.sayings import write_fact, write_sayings
from hf_lstm.teaching.editing.typed import style
from hf_lstm.teaching.editing.wording import list_tables, read_lines

SHARES = {
    "swapped": 0.15,
    "swapped_crops": 0.12,
    "sentences": 0.18,
    "phrases": 0.1,
    "sayings": 0.29,  # with 15 % edits of IMDB each of the thousand pairs comes two to three times
    "facts": 0.04,
    "compositions": 0.08,
    "joined_crops": 0.04,
}
_MIN_BALANCE = 2
"""Words on the side of a whole review's label, less those on the other, for it to be turned by swapping them."""
_MIN_TELLING, _MIN_TOLD = 0.05, 0.65
"""Share of texts with words of praise or blame; and of these, whose label such words tell. Of IMDB: 0.89 and 0.76."""
_SENTENCE_WORDS = range(3, 31)
_NEGATED_SHARE = 0.5
"""Share of a turned text's sentences that are negated, of those that rules can negate as well."""
_LIMITS = (0.05, 0.95)
"""How likely a label of a turned text is, at least and at most."""

_LEAST = 60
"""Times that a word must stand in short texts to be among the most frequent 20,000 of 70,000 reviews."""
_WORD = re.compile(r"[\w'-]+")

EditedText = tuple[str, float]
"""A text, and how likely it is praise."""
_WRITERS: dict[str, Callable[[np.random.RandomState], list[EditedText]]] = {
    "phrases": lambda random: [write_phrase(random)],
    "sayings": write_sayings,
    "facts": lambda random: [write_fact(random)],
    "compositions": lambda random: [write_composition(random)],
}
"""What writes short texts of a kind: one, or both of a pair."""


@dataclass(frozen=True)
class ReviewedTexts:
    """Holds texts, and what is known of them."""

    texts: Sequence[str]
    praise: NDArray[np.float32]
    """(num_texts,), how likely each is praise, as teachers say."""
    is_praise: NDArray[np.bool_]
    """(num_texts,), by the label; of crops, that of the whole text."""


def edit_texts(
    whole: ReviewedTexts, crops: ReviewedTexts, num_edited: int, *, seed: int
) -> tuple[list[str], NDArray[np.float32]]:
    """Edit texts by rule, at random.

    Of each kind there are the shares of `SHARES`: whole texts and crops with their words of praise and blame swapped,
    sentences and the same negated, or without their negation, short texts made of such words, or of none, facts, and
    crops with such a sentence. There are fewer if the texts give no more.

    Returns:
        The texts, and (num_texts,) float32 of how likely each is praise.
    """
    random = np.random.RandomState(seed)
    kinds = {
        "swapped": _swap_whole(whole, random),
        "swapped_crops": _swap_crops(crops, random),
        "sentences": _turn_sentences(whole, random),
        **{kind: _write(write, random) for kind, write in _WRITERS.items()},
        "joined_crops": _join_crops(crops, random),
    }
    edited: list[EditedText] = []
    for kind, found in kinds.items():
        edited += [text for text, _ in zip(found, range(round(SHARES[kind] * num_edited)), strict=False)]
    return [text for text, _ in edited], np.array([praise for _, praise in edited], dtype=np.float32)


def write_short_texts(number: int, *, seed: int) -> list[str]:
    """Write short texts of the kinds that edits have, for their words to get ids where a vocabulary is learned.

    Words of the tables that stand there less than `_LEAST` times are added until they do: in long tables, each is rare.
    """
    random = np.random.RandomState(seed)
    number_each = number // len(_WRITERS)
    kinds = [_write(write, random) for write in _WRITERS.values()]
    texts = [text for kind in kinds for text, _ in itertools.islice(kind, number_each)]
    counts = Counter(word for text in texts for word in _WORD.findall(text.lower()))
    words = {word: None for table in list_tables() for word in _WORD.findall("\n".join(read_lines(table)).lower())}
    return texts + [" ".join([word] * (_LEAST - counts[word])) for word in words if counts[word] < _LEAST]


def find_praise(texts: Sequence[str], labels: NDArray[np.int64]) -> int | None:
    """Find which of the labels 0 and 1 is praise: the one whose texts have more words of it than of blame.

    None if too few texts have any, or these words hardly tell the labels: then texts are no English reviews.
    """
    balances = np.array([sum(find_sides(text)) for text in texts], dtype=np.float64)
    tells = balances != 0
    if len(texts) == 0 or tells.mean() < _MIN_TELLING:
        return None
    says_praise = [balances[tells & (labels == label)] > 0 for label in (0, 1)]
    if not all(len(rows) for rows in says_praise):
        return None
    told = (1 + says_praise[1].mean() - says_praise[0].mean()) / 2  # on average over both labels
    return int(told > 0.5) if max(told, 1 - told) >= _MIN_TOLD else None


def _swap_whole(reviews: ReviewedTexts, random: np.random.RandomState) -> Iterator[EditedText]:
    for row in random.permutation(len(reviews.texts)):
        side = PRAISE if reviews.is_praise[row] else BLAME
        if side * sum(find_sides(reviews.texts[row])) >= _MIN_BALANCE and _agree(reviews, row, 0.5):
            yield turn_text(reviews.texts[row], random), float(np.clip(1 - reviews.praise[row], *_LIMITS))


def turn_text(text: str, random: np.random.RandomState) -> str:
    """Swap the words of praise and blame of a text; some of its sentences are negated instead, where a rule is sure."""
    turned = []
    for sentence in split_sentences(text):
        may_negate = len(find_sides(sentence)) == 1 and count_turns(sentence) == 0 and random.rand() < _NEGATED_SHARE
        turned.append((negate(sentence, random) if may_negate else None) or swap_words(sentence, random))
    return " ".join(turned)


def _swap_crops(crops: ReviewedTexts, random: np.random.RandomState) -> Iterator[EditedText]:
    for row in random.permutation(len(crops.texts)):
        sides = set(find_sides(crops.texts[row]))
        if sides == {PRAISE if crops.is_praise[row] else BLAME} and _agree(crops, row, 0.6):
            yield swap_words(crops.texts[row], random), float(np.clip(1 - crops.praise[row], *_LIMITS))


def _write(
    write: Callable[[np.random.RandomState], list[EditedText]], random: np.random.RandomState
) -> Iterator[EditedText]:
    """Write short texts without end, some of them as people type."""
    while True:
        for text, praise in write(random):
            if praise != UNDECIDED:
                text = style(text, PRAISE if praise > UNDECIDED else BLAME, random)
            yield text, praise


def _join_crops(crops: ReviewedTexts, random: np.random.RandomState) -> Iterator[EditedText]:
    """Put a short sentence of the side of a crop before it, or after it."""
    for row in random.permutation(len(crops.texts)):
        if _agree(crops, row, 0.6):
            side = PRAISE if crops.is_praise[row] else BLAME
            parts = [crops.texts[row], write_sentence(side, random)]
            yield " ".join(parts[:: (1, -1)[random.randint(2)]]), weigh(SURE, side)


def _agree(reviews: ReviewedTexts, row: int, sureness: float) -> bool:
    """Tell whether the teachers are as sure of a text's label."""
    praise = float(reviews.praise[row])
    return (praise if reviews.is_praise[row] else 1 - praise) > sureness


def _turn_sentences(reviews: ReviewedTexts, random: np.random.RandomState) -> Iterator[EditedText]:
    for row in random.permutation(len(reviews.texts)):
        for sentence in split_sentences(reviews.texts[row]):
            yield from turn_sentence(sentence, bool(reviews.is_praise[row]), random)


def turn_sentence(sentence: str, is_praise: bool, random: np.random.RandomState) -> list[EditedText]:
    """Give a sentence and the same with one negation more or less; nothing if no rule is sure of it.

    It must have one word of praise or blame, at most one negation, and say what its review does.
    """
    sides, num_turns = find_sides(sentence), count_turns(sentence)
    if len(sides) != 1 or num_turns > 1 or len(sentence.split()) not in _SENTENCE_WORDS:
        return []
    says_praise = sides[0] == PRAISE
    if num_turns == 0 and says_praise == is_praise and (negated := negate(sentence, random)) is not None:
        return [(sentence, weigh(SURE, sides[0])), (negated, weigh(TURNED, sides[0]))]
    if num_turns == 1 and says_praise != is_praise and (affirmed := affirm(sentence)) is not None:
        return [(affirmed, weigh(SURE, sides[0])), (sentence, weigh(TURNED, sides[0]))]
    return []
