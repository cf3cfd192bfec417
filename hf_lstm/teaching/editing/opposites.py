"""Turns what an English review says, by swapping its words of praise and blame for their opposites.

The table was written by hand, from general knowledge of English.
"""

import re

import numpy as np

PRAISE, BLAME = 1, -1
SURE, TURNED = 0.95, 0.1
"""How likely words mean what they say, as they are and negated. Rules err, and what is not bad need not be good."""
UNDECIDED = 0.5
"""How likely what says neither is praise."""
_KINDS = (
    (
        "good great excellent wonderful fantastic superb brilliant amazing terrific awesome outstanding magnificent "
        "marvelous fabulous fine nice lovely perfect incredible",
        "bad terrible awful horrible dreadful poor lousy atrocious abysmal appalling pathetic lame crappy horrendous "
        "mediocre",
    ),
    (
        "interesting entertaining engaging exciting fascinating gripping enjoyable captivating compelling fun",
        "boring dull tedious tiresome uninteresting bland forgettable pointless",
    ),
    ("funny hilarious witty amusing", "unfunny lame dumb embarrassing"),
    (
        "clever intelligent smart thoughtful fresh inventive",
        "stupid dumb idiotic ridiculous predictable unoriginal silly",
    ),
    ("touching moving powerful heartwarming poignant inspiring", "shallow empty lifeless contrived hollow flat"),
    ("believable convincing realistic authentic", "unconvincing unbelievable unrealistic fake"),
    ("beautiful gorgeous stunning", "ugly hideous drab"),
    ("strong solid", "weak feeble"),
    ("pleasant delightful satisfying refreshing", "unpleasant disappointing annoying irritating frustrating"),
    ("charming likable lovable likeable adorable", "annoying obnoxious irritating unlikable"),
    ("happy pleased delighted impressed satisfied glad", "disappointed annoyed bored sad angry unhappy"),
    ("friendly helpful polite", "rude unfriendly nasty unhelpful"),
    ("memorable unforgettable", "forgettable"),
    ("underrated", "overrated"),
    ("useful", "useless"),
    ("masterful", "amateurish"),
    ("best greatest finest", "worst"),
    ("better", "worse"),
    ("beautifully brilliantly wonderfully nicely perfectly superbly", "badly poorly horribly terribly"),
    ("loved", "hated disliked"),
    ("loves", "hates"),
    ("enjoy", "hate dislike"),
    ("enjoyed", "hated disliked"),
    ("liked", "disliked hated"),
    ("works succeeds", "fails"),
    ("worked succeeded", "failed"),
    ("delivers shines", "disappoints fails"),
    ("succeed", "fail"),
    ("masterpiece gem treat delight joy", "disaster mess bore disappointment flop"),
    ("success triumph", "failure disaster"),
    ("brilliance", "stupidity"),
    ("talented gifted", "talentless untalented"),
    ("fortunately luckily", "unfortunately sadly"),
    ("strengths", "weaknesses"),
    ("impressive remarkable extraordinary exceptional", "unimpressive unremarkable substandard"),
    ("imaginative creative", "derivative unimaginative clichéd"),
    ("skillful competent capable", "clumsy incompetent inept"),
    ("lively energetic", "lifeless listless wooden"),
    ("tasteful", "tasteless"),
    ("rewarding worthwhile", "unrewarding worthless"),
    ("sincere genuine", "insincere phony"),
    ("subtle", "heavy-handed"),
    ("admire admired", "despise despised"),
    ("wonderful marvellous", "miserable wretched"),
    ("effective", "ineffective"),
    ("thankfully", "regrettably"),
    ("thrilled", "bored"),
    ("strongest", "weakest"),
    ("funniest", "dullest"),
    ("smartest", "dumbest"),
    ("splendid breathtaking", "horrid unbearable unwatchable"),
    ("intriguing absorbing haunting", "uninspired dreary laughable ludicrous"),
    ("unpretentious", "pretentious"),
    ("thoughtful", "mindless"),
    ("meaningful", "meaningless senseless"),
    ("coherent", "incoherent"),
    ("flawless", "flawed"),
    ("unique", "generic formulaic"),
    ("polished", "sloppy tacky"),
    ("first-rate top-notch", "second-rate third-rate"),
    ("excellently", "dreadfully"),
    ("delightfully refreshingly", "painfully ridiculously"),
    ("virtues merits", "flaws"),
)
"""Words of praise and of blame that may stand in each other's place."""
_DONE = "written acted done made told shot filmed directed crafted cast played executed".split()
_JUNK = "crap garbage trash junk rubbish".split()
_BORNE = ("watch", "follow", "like", "enjoy", "sit through")
_BOTH_WAYS = {
    "highly recommended": "not recommended",
    "highly recommend": "do not recommend",
    "would recommend": "would not recommend",
    "can recommend": "cannot recommend",
    "worth seeing": "not worth seeing",
    "worth watching": "not worth watching",
    "is worth": "is not worth",
    "it's worth": "it's not worth",
    "definitely worth": "hardly worth",
    "my favorite": "my least favorite",
    "my favourite": "my least favourite",
    "must see": "must avoid",
    "must-see": "must-avoid",
    "lived up to": "fell short of",
    "lives up to": "falls short of",
    "makes sense": "makes no sense",
    "made sense": "made no sense",
    "saved by": "ruined by",
    "thumbs up": "thumbs down",
    "at its best": "at its worst",
    "manages to": "fails to",
    "managed to": "failed to",
    **{f"easy to {verb}": f"hard to {verb}" for verb in _BORNE},
    "plenty of": "hardly any",
    "every reason to": "no reason to",
    "pays off": "goes nowhere",
    "very well": "very badly",
    "so well": "so badly",
    "really well": "really badly",
    "top notch": "third rate",
    "first rate": "second rate",
    "pleasantly surprised": "bitterly disappointed",
    "only saving grace": "only flaw",
    "laugh out loud": "groan out loud",
    "high expectations": "low expectations",
    "watch it again": "turn it off",
    "stayed to the end": "walked out",
    "many redeeming": "no redeeming",
}
"""Phrases of praise and of blame that may stand in each other's place."""
_PHRASES = {
    **_BOTH_WAYS,
    **{blaming: praising for praising, blaming in _BOTH_WAYS.items()},
    "i love": "i hate",
    "i hate": "i love",
    "i like": "i dislike",
    "will love": "will hate",
    "waste of": "great use of",
    "a waste": "a treat",
    "waste your time": "miss it",
    "waste your money": "miss it",
    **{f"{be} wasted": f"{be} well used" for be in ("is", "are", "was", "were")},
    "don't bother": "don't miss it",
    "i recommend": "i do not recommend",
    "wouldn't recommend": "would recommend",
    "don't recommend": "highly recommend",
    "can't recommend": "can recommend",
    "stay away from": "don't miss",
    "don't miss": "don't bother with",
    "avoid this": "see this",
    "avoid it": "see it",
    "avoid at all costs": "see it at any price",
    "to avoid": "to see",
    "skip this": "see this",
    "skip it": "see it",
    "check it out": "skip it",
    "well worth": "not worth",
    "not worth": "well worth",
    "isn't worth": "is well worth",
    "save your money": "spend your money",
    "want my money back": "want to see it again",
    "falls flat": "works well",
    "fell asleep": "was wide awake",
    "edge of my seat": "point of falling asleep",
    "can't wait": "don't care",
    "glued to": "tired of",
    "couldn't wait to see": "couldn't bear to see",
    "kept me interested": "left me bored",
    "held my attention": "lost my attention",
    "left me cold": "left me happy",
    "could have been better": "could not have been better",
    "ruins": "saves",
    "spoiled": "lifted",
    "lacks": "is full of",
    "lack of": "wealth of",
    "sit through": "come back to",
    "stinker": "winner",
    "dud": "winner",
    "redeeming": "rewarding",
    "alas": "happily",
    **{f"piece of {junk}": "work of art" for junk in _JUNK},
    **dict.fromkeys(_JUNK, "gold"),
    **{f"well{dash}{verb}": f"badly {verb}" for verb in _DONE for dash in " -"},
    **{f"{way} {verb}": f"well {verb}" for verb in _DONE for way in ("badly", "poorly")},
}


def _read_table() -> dict[str, tuple[int, list[str]]]:
    table: dict[str, tuple[int, list[str]]] = {}
    for praising, blaming in _KINDS:
        for side, words, others in ((PRAISE, praising, blaming), (BLAME, blaming, praising)):
            for word in words.split():
                table.setdefault(word, (side, []))[1].extend(others.split())
    return table


_TABLE = _read_table()
WORDS = "|".join(_TABLE)
"""Alternatives of a pattern: all words of the table."""
_LONGEST_FIRST = "|".join(sorted((*_PHRASES, *_TABLE), key=len, reverse=True))
_GRADE = r"(?:10|[1-9])(?:(?=[ ]?(?:/|out[ ]of)[ ]?(?:10|ten)\b)|(?(1)(?=[.!,;)](?!\d)|\s*$)|(?!)))"
_SWAPPED = re.compile(rf"\b(?:(an?)[ ])?({_LONGEST_FIRST}|{_GRADE})\b", re.IGNORECASE)
"""A word or phrase with its article, or a grade: `7/10`, `7 out of ten`, `a 7.`"""
_SPOKEN_VOWEL = re.compile(r"(?!us|uniq)[aeiou8]", re.IGNORECASE)
"""How a word begins that takes `an`."""
_SIDED = re.compile(rf"\b(?:{WORDS})\b", re.IGNORECASE)


def find_sides(text: str) -> list[int]:
    """Find on which side each word of the table stands that a text has, `PRAISE` or `BLAME`."""
    return [_TABLE[match.group().lower()][0] for match in _SIDED.finditer(text)]


def get_side(word: str) -> int:
    """Get the side of a word of the table."""
    return _TABLE[word.lower()][0]


def weigh(agreement: float, side: int) -> float:
    """Turn how likely words mean what their side says into how likely they are praise."""
    return agreement if side == PRAISE else 1 - agreement


def swap_words(text: str, random: np.random.RandomState) -> str:
    """Swap each word of praise for one of blame, at random of its kind, and each of blame for one of praise.

    So are some phrases, and grades out of 10. The case of first letters, and `a` or `an`, go with the new words.
    """

    def swap(match: re.Match[str]) -> str:
        article, old = match.groups()
        new = _find_opposite(old.lower(), random)
        if not old.islower() and old[0].isupper():
            new = new.upper() if old.isupper() and len(old) > 1 else new[0].upper() + new[1:]
        if article is None:
            return new
        return f"{article[0]}{'n' if _SPOKEN_VOWEL.match(new) else ''} {new}"

    return _SWAPPED.sub(swap, text)


def _find_opposite(old: str, random: np.random.RandomState) -> str:
    if old.isdigit():
        return str(11 - int(old))
    if old in _PHRASES:
        return _PHRASES[old]
    others = _TABLE[old][1]
    return others[random.randint(len(others))]
