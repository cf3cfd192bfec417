"""Writes English ways to praise and blame that need none of their words: what lacks, breaks, is missed, is worth it.

Each line of the table has two sides that differ in few words, of praise first. It was written by hand, from general
knowledge of English. `{it}` is the thing spoken of, `{part}` a part of it, `{thing}` either without its article,
and `{one}` somebody.
"""

import numpy as np

from hf_lstm.teaching.editing.opposites import BLAME, PRAISE, SURE, weigh
from hf_lstm.teaching.editing.wording import finish, pick

_IDIOMS = """
nothing about {it} is wrong | everything about {it} is wrong
I found nothing wrong with {part} | I found much wrong with {part}
there is little wrong with {it} | there is little right with {it}
{it} has no weak moment | {it} has no strong moment
not one {thing} is bad | not one {thing} is good
{it} lacks none of what matters | {it} lacks all that matters
{it} never lacks ideas | {it} lacks ideas
{it} does not lack humor | {it} lacks humor
there is no lack of tension | there is a lack of tension
{part} is not without merit | {part} is without merit
{it} is never without interest | {it} is without interest
I have no complaints about {it} | I have many complaints about {it}
{one} had nothing to complain about | {one} had plenty to complain about
no reason to complain | every reason to complain
it could hardly be better | it could hardly be worse
{it} couldn't be better | {it} couldn't be worse
I could not have asked for more | I could have asked for more
{it} can't be praised enough | {it} can't be blamed enough
I can't say enough good things about {it} | I can't say one good thing about {it}
I cannot recommend {it} highly enough | I cannot recommend {it}
{it} is better than I expected | {it} is worse than I expected
{it} is better than it sounds | {it} is worse than it sounds
{it} was far better than I feared | {it} was far worse than I hoped
I expected less | I expected more
{it} exceeded what I hoped for | {it} fell short of what I hoped for
{it} went beyond my expectations | {it} was below my expectations
{it} lives up to its name | {it} does not live up to its name
{it} did not let me down | {it} let me down
{it} never disappoints | {it} always disappoints
{one} won't be disappointed | {one} will be disappointed
we were not disappointed | we were disappointed
{it} does not bore for a second | {it} bores from the first second
I was never bored | I was always bored
I am rarely bored | I am often bored
{part} does not drag | {part} drags
{it} never gets old | {it} gets old fast
{it} doesn't feel long | {it} feels long
the time flew by | the time dragged on
I wished it were longer | I wished it were shorter
I was sorry when it was over | I was glad when it was over
I did not want to leave | I wanted to leave
{one} stayed until the end | {one} left before the end
I could not stop watching | I stopped watching
I could not put it down | I had to put it down
I couldn't take my eyes off {it} | I couldn't keep my eyes on {it}
I couldn't look away | I had to look away
{it} kept me awake | {it} put me to sleep
{it} kept my attention | {it} lost my interest
{it} held my interest throughout | {it} lost my interest early
{it} had me laughing | {it} had me yawning
I laughed the whole time | I yawned the whole time
{one} laughed at every joke | {one} laughed at no joke
the jokes land | the jokes don't land
{one} cried tears of joy | {one} cried tears of boredom
I will be back | I will not be back
{one} would buy it again | {one} would never buy it again
{one} can't wait to go back | {one} will never go back
I can't wait for the next one | I can do without the next one
I want more of this | I want no more of this
I would see it twice | I would not see it for free
I'd pay twice for {it} | I'd not take {it} for free
worth every cent | not worth a cent
{it} is worth the money | {it} is not worth the money
{it} is worth your time | {it} is not worth your time
money well spent | money wasted
the time was well spent | the time was wasted
no minute is wasted | every minute is wasted
{it} isn't a waste of money | {it} is a waste of money
{it} does not waste your time | {it} wastes your time
I don't regret a minute | I regret every minute
{one} won't regret it | {one} will regret it
I did not regret buying {it} | I regretted buying {it}
do not skip {it} | skip {it}
{one} should not miss {it} | {one} should miss {it}
a film that nobody should miss | a film that everybody should miss
{it} is hard to resist | {it} is easy to resist
{it} is hard to dislike | {it} is hard to like
it is impossible not to like {it} | it is impossible to like {it}
you have to like {it} | you have to be patient to like {it}
I had no trouble following {it} | I had trouble following {it}
I had no problem with {it} | I had nothing but problems with {it}
{it} is nothing short of great | {it} is nothing like great
{it} is anything but lifeless | {it} is nothing but lifeless
{it} is anything but cheap | {it} is nothing but cheap
{it} is far from boring | {it} is far from exciting
{it} is not boring but exciting | {it} is not exciting but boring
{it} is less silly than others | {it} is more silly than others
{it} is smarter than most | {it} is dumber than most
one of the better ones | one of the worse ones
the best of them all | the worst of them all
the best {thing} in years | the worst {thing} in years
I have seen nothing better | I have seen nothing worse
there is no better {thing} | there is no worse {thing}
few are as good as {it} | few are as bad as {it}
I have rarely seen anything so good | I have rarely seen anything so bad
I have never been so happy with {it} | I have never been so unhappy with {it}
{part} saves it | {part} ruins it
{part} makes up for all else | {part} spoils all else
{part} lifts it | {part} drags it down
{it} made my day | {it} ruined my day
{it} has aged well | {it} has aged badly
slow at first, great in the end | great at first, slow in the end
it starts slowly and gets better | it starts well and gets worse
it got better with time | it got worse with time
I hated it at first and love it now | I loved it at first and hate it now
I did not like it at first, but I do now | I liked it at first, but I don't now
don't believe the bad reviews | don't believe the good reviews
do not listen to those who dislike {it} | do not listen to those who like {it}
I was wrong to doubt {it} | I was wrong to trust {it}
my doubts were wrong | my doubts were right
I feared the worst and was glad to be wrong | I hoped for the best and was sad to be wrong
{it} deserves all its praise | {it} deserves none of its praise
{it} deserves more praise | {it} deserves less praise
{it} deserved to win | {it} deserved to lose
every line rings true | no line rings true
{part} feels real | {part} feels fake
{part} is well thought out | {part} is not thought out
{part} is well done | {part} is badly done
{part} is well made | {part} is poorly made
{part} hits the mark | {part} misses the mark
{part} works | {part} does not work
{part} comes together | {part} falls apart
{it} pays off | {it} does not pay off
{it} is full of life | {it} is full of holes
{it} is full of surprises | {it} is full of clichés
{it} has plenty of heart | {it} has no heart
{it} has a soul | {it} has no soul
{it} left me smiling | {it} left me cold
{it} left me wanting more | {it} left me wanting my money back
I left happy | I left angry
I was moved | I was not moved
{it} touched me | {it} did not touch me
I cared about everyone | I cared about no one
I cared for {part} | I did not care for {part}
{one} thanked me for it | {one} blamed me for it
I told my friends to go | I told my friends not to go
tell your friends about {it} | warn your friends about {it}
go and see {it} | go and see something else
buy {it} | buy something else
get {it} while you can | return {it} while you can
give it a chance | don't give it a chance
{it} has earned its stars | {it} has not earned one star
full marks | no marks
ten out of ten | one out of ten
I'd give it more stars if I could | I'd give it no stars if I could
a must see | a must avoid
thumbs up from me | thumbs down from me
two thumbs up | two thumbs down
it still works | it stopped working
it works as promised | it does not work as promised
it worked at once | it broke at once
it has never broken | it has broken twice
it lasted for years | it lasted for days
it fits | it does not fit
it arrived early | it arrived late
it came as described | it came broken
they solved my problem | they caused my problem
they answered within minutes | they never answered
they listened to me | they ignored me
they fixed it for free | they charged me twice
they were glad to help | they refused to help
I kept it | I sent it back
I am keeping it | I want a refund
it is easy to use | it is hard to use
it is easy to set up | it is impossible to set up
it saves me time | it costs me time
clean and quiet | dirty and noisy
the room was clean | the room was dirty
the food was hot | the food was cold
the meat was tender | the meat was tough
the bread was fresh | the bread was stale
we were served at once | we waited for an hour
we felt welcome | we felt unwelcome
fast and reliable | slow and unreliable
it never crashes | it always crashes
no ads, no crashes | only ads and crashes
I slept well | I could not sleep
I can live with {part} | I can't stand {part}
I can't live without {it} | I can't live with {it}
{it} is just what I wanted | {it} is not what I wanted
{it} is all I hoped for | {it} is not what I hoped for
""".strip().splitlines()
_IT = (
    "it|it|it|this|the film|this movie|the movie|the show|the book|the game|this album|the app|the phone|the hotel"
).split("|")
_PARTS = (
    "the plot|the story|the acting|the ending|the dialogue|the cast|the music|the script|the second half|the sequel|"
    "the camera|the service|the design|the menu|the sound"
).split("|")
_THINGS = "plot|scene|actor|song|joke|film|movie|book|show|chapter|dish|room|phone|app|place".split("|")
_PEOPLE = "I|you|we".split("|")
_LEADS = ("", "", "", "", "honestly, ", "in short: ", "well, ", "for me, ", "trust me, ", "so ")
_MARKS = (".", ".", "!", "")


def write_idiom(random: np.random.RandomState) -> tuple[str, float]:
    """Write a short sentence of the table at random, and say how likely it is praise."""
    place = random.randint(2)
    idiom = pick(random, _IDIOMS).split(" | ")[place]
    lead = pick(random, _LEADS)
    said = idiom.format(
        it=pick(random, _IT), part=pick(random, _PARTS), thing=pick(random, _THINGS), one=pick(random, _PEOPLE)
    )
    return finish(lead + said + pick(random, _MARKS)), weigh(SURE, (PRAISE, BLAME)[place])
