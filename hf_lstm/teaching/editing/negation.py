"""Puts a negation into an English sentence, or takes one out."""

import re

import numpy as np

from hf_lstm.teaching.editing.opposites import WORDS

_DEGREES = "a|an|the|very|really|so|that|quite|truly|absolutely|extremely|also|actually|particularly|even"
_SAID = re.compile(
    rf"\b(?:(is|are|was|were)|(?<=it|at|he|is)['’]s)((?: (?:{_DEGREES}))*) ({WORDS})\b(?=( [a-z])?)", re.IGNORECASE
)
"""`was a very good`, and whether a word follows."""
_FELT = re.compile(
    r"\b(I|we|you|they|it|everyone|everybody|people)((?: (?:really|also|just))?) "
    r"(love|loved|enjoy|enjoyed|like|liked|hate|hated|dislike|disliked|recommend|works|worked)\b",
    re.IGNORECASE,
)
_COULD = re.compile(r"\b(could|would|should) (recommend|enjoy|watch|see|love|hate|like)\b", re.IGNORECASE)
_NEGATED = (
    re.compile(rf"\b(?:is|are|was|were|do|does|did)(n['’]t| not)(?: (?:{_DEGREES}))* (?:{WORDS})\b", re.IGNORECASE),
    re.compile(rf"\b((?:not|never|hardly) )(?:(?:{_DEGREES}) )*(?:{WORDS})\b", re.IGNORECASE),
)
_COMPLICATED = re.compile(
    r"\b(?:not|no|never|nothing|none|nobody|neither|nor|hardly|barely|without|cannot|lacks?|lacking|anything but|"
    r"far from|too|less|but|although|though|despite|however|if|have been|except|supposed|trying|tries|tried)\b|"
    r"n['’]t\b",
    re.IGNORECASE,
)
"""What may turn a word of praise or blame, far from it, too."""
_TURNS = ("never", "hardly", "far from", "anything but", "by no means", "less than")
_BASES = {"loved": "love", "enjoyed": "enjoy", "liked": "like", "hated": "hate", "disliked": "dislike"} | {
    "works": "work",
    "worked": "work",
}


def count_turns(sentence: str) -> int:
    """Count the words that may turn what a sentence says."""
    return len(_COMPLICATED.findall(sentence))


def negate(sentence: str, random: np.random.RandomState) -> str | None:
    """Negate what a sentence says of something, in one of the ways of English; None if it says it in no known way."""
    ways = [
        sentence[: match.start()] + words + sentence[match.end() :]
        for pattern, write in ((_SAID, _deny), (_FELT, _refuse), (_COULD, _advise_against))
        for match in pattern.finditer(sentence)
        for words in [write(match, random)]
    ]
    return ways[random.randint(len(ways))] if ways else None


def affirm(sentence: str) -> str | None:
    """Take a negation away that stands before a word of praise or blame; None if there is none."""
    for pattern in _NEGATED:
        if match := pattern.search(sentence):
            return sentence[: match.start(1)] + sentence[match.end(1) :]
    return None


def _deny(match: re.Match[str], random: np.random.RandomState) -> str:
    verb, degrees, word, follows = match.groups()
    lead = "" if verb else " "
    verb = verb or "is"
    ways = [f"{verb}n't{degrees} {word}", f"{verb} not{degrees} {word}"]
    if follows is None:
        ways.append(f"{verb} not{degrees} {word} at all")
    if not degrees:
        ways += [f"{verb} {turn} {word}" for turn in _TURNS]
    return lead + ways[random.randint(len(ways))]


def _refuse(match: re.Match[str], random: np.random.RandomState) -> str:
    who, degree, verb = match.groups()
    auxiliary = "did" if verb.lower().endswith("ed") else "does" if verb.lower() == "works" else "do"
    if who.lower() in ("it", "everyone", "everybody") and auxiliary == "do":
        auxiliary = "does"
    ways = [f"{who} {auxiliary}{no}{degree} {_BASES.get(verb.lower(), verb.lower())}" for no in ("n't", " not")]
    if who.lower() in ("everyone", "everybody"):
        ways.append(f"{'No' if who[0].isupper() else 'no'} one{degree} {verb}")
    return ways[random.randint(len(ways))]


def _advise_against(match: re.Match[str], random: np.random.RandomState) -> str:
    auxiliary, verb = match.groups()
    ways = (f"{auxiliary}n't", f"{auxiliary} not", f"{auxiliary} never")
    return f"{ways[random.randint(len(ways))]} {verb}"
