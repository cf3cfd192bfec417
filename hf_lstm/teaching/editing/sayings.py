"""Writes English sayings of praise and blame, many of which need none of their words: what breaks, lasts, flies by.

Each line of the table has two sides that differ in few words, of praise first. Another table has facts, which are
neither. Both were written by hand, from general knowledge of English. A slot in braces is filled at random, and on both
sides alike; of `[one/of/several]`, each side picks one.
"""

import functools
import re
from collections.abc import Sequence

import numpy as np

from hf_lstm.teaching.editing.opposites import BLAME, PRAISE, SURE, UNDECIDED, weigh
from hf_lstm.teaching.editing.wording import finish, fit_articles, pick, pick_choices, read_lines

_TABLE, _FACTS = "sayings.txt", "facts.txt"
SLOTS = {
    name: tuple(fillings.split("|"))
    for name, fillings in {
        "it": "it|it|it|it|this|the film|this movie|the show|the book|the game|this album|the app|the phone|the hotel|"
        "this place|the whole thing|this one|the course|the trip",
        "part": "the plot|the story|the acting|the ending|the dialogue|the cast|the music|the script|the second half|"
        "the sequel|the camera work|the service|the design|the menu|the sound|the soundtrack|the pacing|the opening",
        "thing": "film|movie|book|show|song|dish|room|phone|app|place|game|album|series|hotel|restaurant|laptop|class",
        "one": "I|you|we",
        "film": "it|the film|this film|the movie|this movie|the show|the series|the documentary|the pilot|the sequel",
        "book": "it|the book|this novel|the story|this memoir|the first chapter|the audiobook",
        "game": "it|the game|this game|the campaign|the final level|the puzzle",
        "song": "it|the song|this track|the album|the single|the chorus|the beat",
        "food": "the food|the pizza|the soup|the burger|the pasta|the chicken|the cake|the curry|the sandwich|"
        "the sauce|the steak|the fish|the salad|the breakfast",
        "place": "it|the place|this place|the hotel|the restaurant|the bar|the museum|the beach|the café|the hostel",
        "room": "the room|our room|the apartment|the bathroom|the cabin|the suite",
        "staff": "the waiter|the waitress|the receptionist|the driver|the doctor|the nurse|the dentist|the plumber|"
        "the manager|the clerk|the teacher|the mechanic|the guide|the landlord|the hairdresser|the tutor",
        "they": "they|the staff|the owners|the people there|the support team|the crew|the sellers|the nurses",
        "device": "it|the phone|the laptop|the vacuum|the charger|the printer|the kettle|the headset|the camera|"
        "the drill|the fridge|the blender|the watch|the battery|the tablet",
        "wear": "it|the jacket|the shirt|the dress|the coat|the bag|the sweater|the backpack",
        "goods": "it|the chair|the desk|the mattress|the toy|the lamp|the tent|the pan|the bike|the sofa|the shelf",
        "app": "it|the app|this app|the site|the update|the program|the plugin|the new version",
        "event": "it|the concert|the trip|the class|the tour|the talk|the party|the festival|the workshop|the lesson",
        "actor": "the lead|the hero|the villain|the main actor|the main actress|the narrator|the singer|the star",
        "maker": "the director|the author|the band|the writer|the developer|the chef|the studio|the composer",
        "kids": "my kids|my wife|my husband|my son|my daughter|my mother|my dad|the whole family|my friends|we|"
        "everyone|my students|my sister|the guests|the audience",
        "be": "is|was",
        "number": "two|three|four|five|six|seven|eight|ten|12|15|20|24|30|40|45|60|90|100|110|250",
        "year": "1939|1954|1968|1977|1985|1991|1999|2003|2008|2015|2019",
        "month": "January|February|March|April|May|June|July|August|September|October|November|December",
        "day": "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday",
        "time": "six|seven|eight o'clock|nine|half past nine|10 am|noon|two|5 pm|a quarter past four|8:30",
        "city": "Paris|London|New York|Chicago|Boston|Tokyo|Berlin|Rome|Madrid|Dublin|Vienna|Toronto|India|Texas|"
        "a small town",
        "job": "lawyer|doctor|teacher|nurse|farmer|soldier|baker|student|painter|pilot|journalist|detective|"
        "driver|waiter",
        "color": "red|blue|green|yellow|brown|grey|black|white|orange|pink",
    }.items()
}
_LEADS = ("", "", "", "", "", "", "", "", "", "", "honestly, ", "in short: ", "well, ", "trust me, ", "look, ")
_MARKS = (".", ".", ".", "!", "", "")
_CLAUSE = re.compile(r"\{it\} [^.?!:]+")
"""A saying that is a clause of the thing spoken of, so that it may follow `but`."""
Pair = tuple[str, str]
"""What is said in praise, and in blame."""


class _Filled(dict[str, str]):
    """Fills the slots of a line when they are first asked for."""

    def __init__(self, random: np.random.RandomState) -> None:
        self.random = random

    def __missing__(self, slot: str) -> str:
        self[slot] = pick(self.random, SLOTS[slot])
        return self[slot]


@functools.cache
def load_pairs(table: str = _TABLE) -> tuple[Pair, ...]:
    """Load a table: (praise, blame) of each line."""
    pairs = (line.split(" | ") for line in read_lines(table))
    return tuple((praise, blame) for praise, blame in pairs)


@functools.cache
def _load_clauses() -> tuple[Pair, ...]:
    return tuple(pair for pair in load_pairs() if all(_CLAUSE.fullmatch(side) for side in pair))


def _fill(sides: Sequence[str], random: np.random.RandomState, **known: str) -> list[str]:
    """Fill the slots of all sides alike, and pick of the choices of each."""
    filled = _Filled(random)
    filled.update(known)
    return [fit_articles(pick_choices(side, random).format_map(filled)) for side in sides]


def draw_pair(random: np.random.RandomState, table: str = _TABLE) -> Pair:
    """Draw a line of a table at random, and fill both sides alike."""
    pairs = load_pairs(table)
    praise, blame = _fill(pairs[random.randint(len(pairs))], random)
    return praise, blame


def write_sayings(random: np.random.RandomState) -> list[tuple[str, float]]:
    """Write both sides of a line of the table at random, and say how likely each is praise."""
    lead, mark = pick(random, _LEADS), pick(random, _MARKS)
    return [
        (_end(lead + said, mark), weigh(SURE, side))
        for said, side in zip(draw_pair(random), (PRAISE, BLAME), strict=True)
    ]


def write_fact(random: np.random.RandomState) -> tuple[str, float]:
    """Write what is neither praise nor blame at random, and that it is as likely to be either."""
    (said,) = _fill([pick(random, read_lines(_FACTS))], random)
    return _end(said, pick(random, _MARKS)), UNDECIDED


def write_clause(side: int, random: np.random.RandomState) -> str:
    """Write a saying of a side that is a clause of `it`, without a mark."""
    clauses = _load_clauses()
    return _fill(clauses[random.randint(len(clauses))], random, it="it")[side == BLAME]


def _end(said: str, mark: str) -> str:
    """Write a sentence with its first letter large, and a mark at its end unless it has one."""
    return finish(said + ("" if said[-1] in ".!?" else mark))
