"""Writes short texts as people type them: in lower case, without apostrophes, with lengthened words and emojis."""

import re
from collections.abc import Callable

import numpy as np

from hf_lstm.teaching.editing.opposites import BLAME
from hf_lstm.teaching.editing.wording import pick

_EMOJIS = (
    "😍 ❤️ 👍 🔥 😊 🎉 👏 😁 🥰 💯 🙌 😋 ⭐⭐⭐⭐⭐ :) :D <3 🤩 💕 😎 🏆 ✨ 🤣 😂 👌 🥳 💖 ;)".split(),
    "😡 👎 🤮 😴 💩 😠 🙄 😤 😞 😒 🤢 💔 ⭐ :( :/ >:( 😑 🤬 😭 👿 🥱 🤦 ❌ 😖 D: 🚮".split(),
)
_HASHTAGS = (
    "#love #loveit #happy #recommended #blessed #bestever #mustsee #mustbuy #wow #amazing #goat #winning #yum".split(),
    "#fail #worst #ripoff #disappointed #scam #never #neveragain #avoid #boring #refund #hate #trash #yuck".split(),
)
_LEADS = "omg|lol|ngl|tbh|honestly|imo|ok so|idk but|fr|yo|guys|just saying|not gonna lie|i mean|bruh|tbf|y'all".split(
    "|"
)
_SHORTER = {
    "you": "u",
    "your": "ur",
    "great": "gr8",
    "love": "luv",
    "loved": "luvd",
    "thanks": "thx",
    "thank you": "ty",
    "people": "ppl",
    "because": "cuz",
    "really": "rly",
    "definitely": "def",
    "favorite": "fav",
    "please": "pls",
    "with": "w/",
    "though": "tho",
    "are": "r",
    "going to": "gonna",
    "want to": "wanna",
    "before": "b4",
    "and": "&",
    "without": "w/o",
    "everyone": "every1",
    "minutes": "mins",
    "restaurant": "resto",
}
_SHORTENED = re.compile(rf"\b(?:{'|'.join(sorted(_SHORTER, key=len, reverse=True))})\b", re.IGNORECASE)
_LENGTHENED = re.compile(
    r"\b((?:s|n|tw)o|too|very|way|bad|good|great|best|worst|never|boring|amazing|yes|please|ugh|yum|meh|wow|slow|"
    r"awful|nice|cool|hate|love|fun|long|dull|cheap|happy)\b",
    re.IGNORECASE,
)
_VOWELS = re.compile(r"([aeiou]|y\b)", re.IGNORECASE)
_LONG_WORD = re.compile(r"\b[a-z]{6,}\b")
_STYLED_SHARE = 0.25


def style(text: str, side: int, random: np.random.RandomState) -> str:
    """Write a quarter of all texts as people type them, at random; with emojis of the side of what is said."""
    if random.rand() >= _STYLED_SHARE:
        return text
    ways: tuple[tuple[float, Callable[[str], str]], ...] = (
        (0.2, lambda said: f"{pick(random, _LEADS)}{pick(random, (' ', ' ', ', '))}{_lower_first(said)}"),
        (0.2, lambda said: _SHORTENED.sub(lambda match: _SHORTER[match.group().lower()], said)),
        (0.25, lambda said: _LENGTHENED.sub(lambda match: _lengthen(match.group(), random), said)),
        (0.1, lambda said: _mistype(said, random)),
        (0.6, str.lower),
        (0.5, lambda said: said.replace("'", "")),
        (0.5, lambda said: said.rstrip(".!")),
        (0.2, lambda said: re.sub(r"[.!]$", lambda match: match.group() * random.randint(2, 5), said)),
        (0.07, str.upper),
        (0.25, lambda said: f"{said} {pick(random, _EMOJIS[side == BLAME]) * _pick_times(random)}"),
        (0.05, lambda said: f"{said} {pick(random, _HASHTAGS[side == BLAME])}"),
    )
    for chance, change in ways:
        if random.rand() < chance:
            text = change(text)
    return text


def _pick_times(random: np.random.RandomState) -> int:
    """Pick how often an emoji stands: once, mostly."""
    return (1, 1, 1, 2, 3)[random.randint(5)]


def _lower_first(text: str) -> str:
    return text if text.startswith(("I ", "I'")) else text[0].lower() + text[1:]


def _lengthen(word: str, random: np.random.RandomState) -> str:
    """Write the last vowel of a word, but a silent e, several times."""
    stem = word[:-1] if len(word) > 3 and word[-1] in "eE" else word
    vowels = list(_VOWELS.finditer(stem))
    if not vowels:
        return word
    place = vowels[-1].start()
    return word[:place] + word[place] * random.randint(2, 6) + word[place:]


def _mistype(text: str, random: np.random.RandomState) -> str:
    """Swap two letters within a long word, or leave one out."""
    words = list(_LONG_WORD.finditer(text))
    if not words:
        return text
    match = words[random.randint(len(words))]
    place = random.randint(match.start() + 1, match.end() - 2)
    pair = text[place + 1] + text[place] if random.rand() < 0.5 else text[place]
    return text[:place] + pair + text[place + 2 :]
