"""Writes short English sentences of praise and blame, with and without a negation, as people type them.

Reviews of films say little of food, rooms, staff, things to buy and programs, and never `yum` or a thumb up.
"""

import functools
from dataclasses import dataclass

import numpy as np

from hf_lstm.teaching.editing.opposites import BLAME, PRAISE, SURE, TURNED, get_side, weigh
from hf_lstm.teaching.editing.wording import finish, fit_articles, pick, read_lines

_WORDS = (
    "good great excellent wonderful fantastic superb brilliant amazing awesome fine nice lovely perfect interesting "
    "entertaining exciting enjoyable fun funny clever beautiful pleasant charming useful bad terrible awful horrible "
    "poor lousy pathetic boring dull bland pointless stupid ridiculous silly ugly weak unpleasant disappointing "
    "annoying irritating frustrating rude useless"
).split()
_SIDES = tuple([word for word in _WORDS if get_side(word) == side] for side in (PRAISE, BLAME))
_THINGS = (
    "movie|film|story|~acting|plot|book|~food|~service|phone|place|hotel|show|song|~music|game|product|room|day|trip|"
    "~weather|idea|app|ending|camera|price|~quality|meal|team|car|delivery|experience|episode|design|color|class|gift"
).split("|")
_VERBS = (("love", "loved"), ("like", "liked"), ("enjoy", "enjoyed"), ("hate", "hated"), ("dislike", "disliked"))
_PLAIN = (
    "{what} {be} {word}",
    "{what} {be} {word}",
    "{word}",
    "{word} {thing}",
    "{a}{word} {thing}",
    "such {a}{word} {thing}",
    "what {a}{word} {thing}",
    "I think {what} {be} {word}",
    "{what} turned out {word}",
)
_NEGATED = (
    "{what} {be} not {word}",
    "{what} {be}n't {word}",
    "{what} {be}n't {word} at all",
    "{what} {be} not {a}{word} {thing}",
    "{what} {be} far from {word}",
    "{what} {be} anything but {word}",
    "not {word}",
    "not {word} at all",
    "not {a}{word} {thing}",
    "never {word}",
    "hardly {word}",
    "nothing {word} about it",
    "I don't think {what} {be} {word}",
    "I can't say {what} {be} {word}",
    "I wouldn't say {what} {be} {word}",
    "I doubt {what} {be} {word}",
    "I wouldn't call {what} {word}",
    "nobody would call {what} {word}",
    "there is nothing {word} about {what}",
)
_FELT = ("{who} {past} {object}", "{who} {present} {object}")
_NOT_FELT = (
    "{who} didn't {present} {object}",
    "{who} did not {present} {object}",
    "{who} never {past} {object}",
    "{who} don't {present} {object}",
    "{who} could not {present} {object}",
    "I can't say {who} {past} {object}",
    "I doubt {who} {past} {object}",
    "no one {past} {object}",
)
_FRAMES = (_PLAIN, _NEGATED)
_NOUN_FRAMES = tuple([frame for frame in way if "{be}" in frame and "{thing}" not in frame] for way in _FRAMES)
_BE = ("is", "was")
_STATED = ("the", "the", "the", "our", "my", "this")
_DEGREES = ("", "", "", "very ", "really ", "so ", "quite ", "super ", "pretty ")
_MARKS = (".", "!", "", ".", "", "!!")
_CALL_SHARE, _SAYING_SHARE, _FIELD_SHARE, _PLAIN_SHARE = 0.2, 0.85, 0.65, 0.6


@dataclass(frozen=True)
class Field:
    """Holds things, what else they are called, and words of praise and of blame that go with them."""

    things: tuple[str, ...]
    pronouns: tuple[str, ...]
    sides: tuple[tuple[str, ...], tuple[str, ...]]


@functools.cache
def load_fields() -> tuple[Field, ...]:
    """Load the table of things and their words."""
    fields = []
    for line in read_lines("fields.txt"):
        things, pronouns, praise, blame = (tuple(column.split(", ")) for column in line.split(" | "))
        fields.append(Field(things, pronouns, (praise, blame)))
    return tuple(fields)


@functools.cache
def load_calls(side: int) -> tuple[str, ...]:
    """Load the calls of a side."""
    sign = "+ " if side == PRAISE else "- "
    return tuple(call for line in read_lines("calls.txt") if line.startswith(sign) for call in line[2:].split("|"))


def write_phrase(random: np.random.RandomState) -> tuple[str, float]:
    """Write a short sentence at random, and say how likely it is praise."""
    side = (PRAISE, BLAME)[random.randint(2)]
    is_plain = True
    if random.rand() < _CALL_SHARE:
        text = pick(random, load_calls(side))
    else:
        is_plain = random.rand() < _PLAIN_SHARE
        write = _write_statement if random.rand() < _SAYING_SHARE else _write_feeling
        text = write(side, is_plain, random)
    return finish(text + pick(random, _MARKS)), weigh(SURE if is_plain else TURNED, side)


def draw_field(random: np.random.RandomState) -> Field:
    """Draw a field at random."""
    fields = load_fields()
    return fields[random.randint(len(fields))]


def write_statement(field: Field, side: int, random: np.random.RandomState) -> str:
    """Write a clause that says what a thing of a field is, as in `the soup was cold`, without a mark."""
    thing, word = pick(random, field.things).removeprefix("~"), pick(random, field.sides[side == BLAME])
    degree = "" if word.startswith("a ") else pick(random, _DEGREES[:6])
    return f"{pick(random, _STATED)} {thing} {pick(random, _BE)} {degree}{word}"


def _write_statement(side: int, is_plain: bool, random: np.random.RandomState) -> str:
    """Write what a thing is, or is not: with a word of a side, negated if it is not plain."""
    if random.rand() < _FIELD_SHARE:
        field = draw_field(random)
        thing, word, pronouns = pick(random, field.things), pick(random, field.sides[side == BLAME]), field.pronouns
    else:
        thing, word, pronouns = pick(random, _THINGS), pick(random, _SIDES[side == BLAME]), ("it", "this")
    name = thing.removeprefix("~")
    is_noun = word.startswith("a ")
    frames = _NOUN_FRAMES if is_noun else _FRAMES
    frame = pick(random, frames[0 if is_plain else 1])
    degrees = _DEGREES if is_plain else _DEGREES[:4]
    said = word if is_noun else ("" if "such" in frame or "what {a}" in frame else pick(random, degrees)) + word
    named = (f"the {name}", f"the {name}", f"this {name}", f"my {name}")
    what = pick(random, pronouns if "{thing}" in frame else named + pronouns[:2])
    be = pick(random, _BE)
    return fit_articles(frame.format(what=what, be=be, word=said, thing=name, a="" if thing[0] == "~" else "a "))


def _write_feeling(side: int, is_plain: bool, random: np.random.RandomState) -> str:
    thing = pick(random, _THINGS).removeprefix("~")
    verbs = [pair for pair in _VERBS if get_side(pair[1]) == side]
    present, past = verbs[random.randint(len(verbs))]
    target = pick(random, ("it", "it", f"the {thing}", f"this {thing}"))
    who = pick(random, ("I", "we", "my kids", "you will" if is_plain else "they"))
    frame = _FELT[1] if who == "you will" else pick(random, _FELT if is_plain else _NOT_FELT)
    return frame.format(who=who, present=present, past=past, object=target)
