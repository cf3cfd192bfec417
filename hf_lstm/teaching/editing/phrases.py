"""Writes short English sentences of praise and blame, with and without a negation."""

import re

import numpy as np

from hf_lstm.teaching.editing.opposites import SURE, TURNED, get_side, weigh

_WORDS = (
    "good great excellent wonderful fantastic superb brilliant amazing awesome fine nice lovely perfect interesting "
    "entertaining exciting enjoyable fun funny clever beautiful pleasant charming useful bad terrible awful horrible "
    "poor lousy pathetic boring dull bland pointless stupid ridiculous silly ugly weak unpleasant disappointing "
    "annoying irritating frustrating rude useless"
).split()
_THINGS = (
    "movie film story acting plot book food service phone place hotel show song music game product room day trip "
    "weather idea app ending camera price quality meal team car delivery experience"
).split()
_VERBS = (("love", "loved"), ("like", "liked"), ("enjoy", "enjoyed"), ("hate", "hated"), ("dislike", "disliked"))
_PLAIN = ("{what} {be} {word}", "{word}", "{word} {thing}", "a {word} {thing}", "I think {what} {be} {word}")
_NEGATED = (
    "{what} {be} not {word}",
    "{what} {be}n't {word}",
    "{what} {be}n't {word} at all",
    "{what} {be} not a {word} {thing}",
    "{what} {be} far from {word}",
    "{what} {be} anything but {word}",
    "not {word}",
    "not {word} at all",
    "not a {word} {thing}",
    "never {word}",
    "hardly {word}",
    "nothing {word} about it",
    "I don't think {what} {be} {word}",
)
_FELT = ("{who} {past} {object}", "{who} {present} {object}")
_NOT_FELT = (
    "{who} didn't {present} {object}",
    "{who} did not {present} {object}",
    "{who} never {past} {object}",
    "{who} don't {present} {object}",
    "{who} could not {present} {object}",
)
_DEGREES = ("", "", "", "very ", "really ", "so ", "quite ")
_MARKS = (".", "!", "", ".")
_ARTICLE = re.compile(r"\ba(?= (?:[aeio]|un))")
_SAYING_SHARE, _PLAIN_SHARE = 0.75, 0.45


def write_phrase(random: np.random.RandomState) -> tuple[str, float]:
    """Write a short sentence at random, and say how likely it is praise."""
    says, is_plain = random.rand() < _SAYING_SHARE, random.rand() < _PLAIN_SHARE

    def pick(choices: tuple[str, ...] | list[str]) -> str:
        return choices[random.randint(len(choices))]

    thing = pick(_THINGS)
    if says:
        word = pick(_WORDS)
        side, said = get_side(word), pick(_DEGREES if is_plain else _DEGREES[:4]) + word
        frame = pick(_PLAIN if is_plain else _NEGATED)
        what = pick((f"the {thing}", f"this {thing}", f"my {thing}", "it", "this", "everything"))
        text = frame.format(what=what, be=pick(("is", "was")), word=said, thing=thing)
        text = _ARTICLE.sub("an", text)
    else:
        present, past = _VERBS[random.randint(len(_VERBS))]
        side, frame = get_side(past), pick(_FELT if is_plain else _NOT_FELT)
        target = pick(("it", "it", f"the {thing}", f"this {thing}"))
        text = frame.format(who=pick(("I", "we", "my kids")), present=present, past=past, object=target)
    return text[0].upper() + text[1:] + pick(_MARKS), weigh(SURE if is_plain else TURNED, side)
