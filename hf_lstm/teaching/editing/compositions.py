"""Writes texts of two or three short ones: of one side, or a contrast that the clause which weighs more decides."""

import numpy as np

from hf_lstm.teaching.editing.opposites import BLAME, PRAISE, SURE, weigh
from hf_lstm.teaching.editing.phrases import Field, draw_field, load_calls, write_statement
from hf_lstm.teaching.editing.sayings import draw_pair, write_clause
from hf_lstm.teaching.editing.wording import finish, pick

DECIDED = 0.85
"""How likely the clause that decides a contrast says what the text does."""
_CONTRAST_SHARE, _VERDICT_SHARE, _STATED_SHARE, _NOUN_SHARE = 0.45, 0.55, 0.15, 0.3
_LAST_DECIDES = (
    "{other} but {main}",
    "{other}, but {main}",
    "{other}, yet {main}",
    "{other}. But {main}",
    "{other}. Still, {main}",
    "{other}. However, {main}",
    "{other} and yet {main}",
    "although {other}, {main}",
    "even though {other}, {main}",
    "though {other}, {main}",
    "sure, {other}, but {main}",
    "yes, {other}, but in the end {main}",
    "I admit {other}, but {main}",
    "people told me {other}, but {main}",
    "while {other}, {main}",
    "{main} even though {other}",
    "{main}, although {other}",
)
_NOUN_FIRST = (
    "despite {other}, {main}",
    "in spite of {other}, {main}",
    "even with {other}, {main}",
    "{main} despite {other}",
    "{main} in spite of {other}",
)
_JOINTS = (". ", ". ", ". ", "! ", ", ", " and ", "... ", "\n")


def write_composition(random: np.random.RandomState) -> tuple[str, float]:
    """Write a text of several short ones at random, and say how likely it is praise."""
    side = (PRAISE, BLAME)[random.randint(2)]
    if random.rand() < _CONTRAST_SHARE:
        text = finish(_capitalize_sentences(_write_contrast(side, random))) + pick(random, (".", ".", "!", ""))
        return text, weigh(DECIDED, side)
    return _write_agreeing(side, random), weigh(SURE, side)


def _write_contrast(side: int, random: np.random.RandomState) -> str:
    kind = random.rand()
    main = draw_pair(random, "verdicts.txt")[side == BLAME] if kind < _VERDICT_SHARE else write_clause(side, random)
    if random.rand() < _NOUN_SHARE:
        other = draw_pair(random, "concessions.txt")[side == PRAISE]
        return pick(random, _NOUN_FIRST).format(other=other, main=main)
    field = draw_field(random)
    if kind > 1 - _STATED_SHARE:
        main = write_statement(field, side, random)
    return pick(random, _LAST_DECIDES).format(other=write_statement(field, -side, random), main=main)


def _write_agreeing(side: int, random: np.random.RandomState) -> str:
    """Write two or three sentences of a side, of the same field where they name one."""
    field = draw_field(random)
    joint = pick(random, _JOINTS)
    if joint in (", ", " and "):
        text = write_statement(field, side, random) + joint + _write_clause(field, side, random)
    else:
        number = 2 + (random.rand() < 0.3)
        text = joint.join(_write_sentence(field, side, random) for _ in range(number))
    return finish(_capitalize_sentences(text)) + pick(random, (".", "!", ""))


def write_sentence(side: int, random: np.random.RandomState) -> str:
    """Write a short sentence of a side: a saying, a verdict, a call, or what a thing is."""
    return finish(_write_sentence(draw_field(random), side, random)) + pick(random, (".", ".", "!"))


def _write_sentence(field: Field, side: int, random: np.random.RandomState) -> str:
    kind = random.randint(10)
    if kind < 5:
        return draw_pair(random)[side == BLAME].rstrip(".")
    if kind < 6:
        return pick(random, load_calls(side))
    if kind < 7:
        return draw_pair(random, "verdicts.txt")[side == BLAME]
    return write_statement(field, side, random)


def _write_clause(field: Field, side: int, random: np.random.RandomState) -> str:
    return write_clause(side, random) if random.rand() < 0.5 else write_statement(field, side, random)


def _capitalize_sentences(text: str) -> str:
    """Write the first letter after each full stop and each call large."""
    for end in (". ", "! ", "? ", "\n"):
        text = end.join(finish(part) if part else part for part in text.split(end))
    return text
