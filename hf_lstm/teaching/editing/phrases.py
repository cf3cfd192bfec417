"""Writes short English sentences of praise and blame, with and without a negation, as people type them.

Reviews of films say little of food, rooms, staff, things to buy and programs, and never `yum` or a thumb up.
"""

import re

import numpy as np

from hf_lstm.teaching.editing.opposites import BLAME, PRAISE, SURE, TURNED, get_side, weigh
from hf_lstm.teaching.editing.wording import finish, pick

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
_FIELDS = (
    (
        "food meal pizza soup coffee bread cake burger salad steak dessert breakfast lunch dinner sauce sushi pasta",
        "delicious tasty fresh crispy juicy yummy tender flavorful mouthwatering",
        "tasteless stale soggy greasy burnt cold raw disgusting gross inedible overcooked rotten bland",
    ),
    (
        "hotel room place restaurant apartment bathroom beach bar bed pool lobby house neighborhood",
        "clean cozy comfy spacious quiet spotless welcoming comfortable sunny peaceful",
        "dirty filthy noisy cramped smelly moldy shabby loud uncomfortable crowded dark",
    ),
    (
        "staff service waiter waitress driver support seller nurse doctor teacher manager owner receptionist plumber",
        "friendly helpful kind polite quick prompt attentive professional caring patient honest",
        "rude slow unhelpful careless arrogant lazy incompetent unprofessional dishonest impatient",
    ),
    (
        "phone laptop charger jacket vacuum headset battery screen keyboard chair mattress watch bag toy tool shirt",
        "sturdy durable reliable comfortable sharp handy stylish affordable practical",
        "flimsy cheap broken defective faulty fragile uncomfortable overpriced unreliable noisy",
    ),
    (
        "app update website site game program menu interface login version",
        "smooth fast addictive intuitive simple helpful stable",
        "buggy laggy slow clunky confusing unusable glitchy unstable",
    ),
    (
        "concert party trip course class lesson tour festival match vacation talk workshop museum",
        "relaxing inspiring unforgettable magical worthwhile educational exciting",
        "tiring chaotic stressful overpriced disorganized endless exhausting",
    ),
)
"""Things, and words of praise and of blame that go with them."""
_CALLS = (
    (
        "yay|wow|yum|bravo|well done|so good|love love love|best ever|10/10|obsessed|so happy|so glad|made my week|"
        "loving it|thank you so much|big fan|highly recommended|would buy again|chef's kiss|can't get enough|"
        "what a gem|what a treat|what a find|keep it up|great job|good stuff|so much fun|totally worth it|"
        "love this|love it|superb|brilliant|top notch|first class|spot on|a real gem|so proud|worth it|so cute|"
        "blown away|hooked|instant classic|pure joy|this rocks|this slaps|absolute banger|lit|lol so funny|haha yes"
    ),
    (
        "ugh|yuck|meh|boo|nope|eww|so bad|worst ever|0/10|so angry|so sad|ruined my week|hating it|no thanks|"
        "not a fan|not recommended|would not buy again|never again|what a joke|what a mess|what a scam|what a ripoff|"
        "do better|poor job|total trash|garbage|complete rip off|so not worth it|hate this|hate it|rubbish|pathetic|"
        "second rate|way off|a real letdown|so ashamed|not worth it|so annoying|fed up|bored to death|instant regret|"
        "pure torture|this sucks|this stinks|absolute trash|cringe|so lame|lol so bad|money back please|stay away"
    ),
)
_EMOJIS = ("😍|❤️|👍|🔥|😊|🎉|👏|😁|🥰|💯|🙌|😋|⭐⭐⭐⭐⭐|:)|:D|<3", "😡|👎|🤮|😴|💩|😠|🙄|😤|😞|😒|🤢|💔|⭐|:(|:/|>:(")
_VERBS = (("love", "loved"), ("like", "liked"), ("enjoy", "enjoyed"), ("hate", "hated"), ("dislike", "disliked"))
_PLAIN = (
    "{what} {be} {word}",
    "{what} {be} {word}",
    "{word}",
    "{word} {thing}",
    "a {word} {thing}",
    "such a {word} {thing}",
    "what a {word} {thing}",
    "I think {what} {be} {word}",
    "{what} turned out {word}",
)
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
    "I wouldn't call {what} {word}",
    "there is nothing {word} about {what}",
)
_FELT = ("{who} {past} {object}", "{who} {present} {object}")
_NOT_FELT = (
    "{who} didn't {present} {object}",
    "{who} did not {present} {object}",
    "{who} never {past} {object}",
    "{who} don't {present} {object}",
    "{who} could not {present} {object}",
)
_DEGREES = ("", "", "", "very ", "really ", "so ", "quite ", "super ", "pretty ")
_MARKS = (".", "!", "", ".", "", "!!")
_ARTICLE = re.compile(r"\ba(?= (?:[aeio]|un))")
_CALL_SHARE, _SAYING_SHARE, _FIELD_SHARE, _PLAIN_SHARE, _EMOJI_SHARE = 0.15, 0.8, 0.5, 0.5, 0.12


def write_phrase(random: np.random.RandomState) -> tuple[str, float]:
    """Write a short sentence at random, and say how likely it is praise."""
    if random.rand() < _CALL_SHARE:
        text, side, is_plain = _write_call(random)
    elif random.rand() < _SAYING_SHARE:
        text, side, is_plain = _write_saying(random)
    else:
        text, side, is_plain = _write_feeling(random)
    text = finish(text + pick(random, _MARKS))
    says = side if is_plain else -side
    if random.rand() < _EMOJI_SHARE:
        text += " " + pick(random, _EMOJIS[says == BLAME].split("|"))
    return text, weigh(SURE if is_plain else TURNED, side)


def _write_call(random: np.random.RandomState) -> tuple[str, int, bool]:
    side = (PRAISE, BLAME)[random.randint(2)]
    return pick(random, _CALLS[side == BLAME].split("|")), side, True


def _write_saying(random: np.random.RandomState) -> tuple[str, int, bool]:
    """Write what a thing is, or is not: the text, the side of its word, and whether it is not negated."""
    is_plain = random.rand() < _PLAIN_SHARE
    if random.rand() < _FIELD_SHARE:
        things, *sides = _FIELDS[random.randint(len(_FIELDS))]
        place = random.randint(2)
        thing, word, side = pick(random, things.split()), pick(random, sides[place].split()), (PRAISE, BLAME)[place]
    else:
        thing, word = pick(random, _THINGS), pick(random, _WORDS)
        side = get_side(word)
    said = pick(random, _DEGREES if is_plain else _DEGREES[:4]) + word
    what = pick(random, (f"the {thing}", f"this {thing}", f"my {thing}", "it", "this", "everything"))
    frame = pick(random, _PLAIN if is_plain else _NEGATED)
    text = frame.format(what=what, be=pick(random, ("is", "was")), word=said, thing=thing)
    return _ARTICLE.sub("an", text), side, is_plain


def _write_feeling(random: np.random.RandomState) -> tuple[str, int, bool]:
    is_plain = random.rand() < _PLAIN_SHARE
    thing = pick(random, _THINGS)
    present, past = _VERBS[random.randint(len(_VERBS))]
    target = pick(random, ("it", "it", f"the {thing}", f"this {thing}"))
    who = pick(random, ("I", "we", "my kids", "you will" if is_plain else "they"))
    frame = _FELT[1] if who == "you will" else pick(random, _FELT if is_plain else _NOT_FELT)
    return frame.format(who=who, present=present, past=past, object=target), get_side(past), is_plain
