"""Words an answer for people: a verdict, how sure it is, and the words behind it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from hf_lstm.answers.wording import UNSURE_BELOW, Wording
from hf_lstm.tokenization.stop_words import says_nothing

MAX_SHOWN_LABELS = 5
NUM_STRONGEST = 8
"""Words that are listed below the text."""
MIN_STRENGTH = 0.12
"""A word that adds a smaller share of what the strongest word adds stays plain..."""
MIN_STRENGTH_OF_FUNCTION_WORDS = 0.5
"""... and so does a function word or a comma below this share: what belongs to no word is spread evenly over all."""

Tone = Literal["for", "against", "unsure"]
"""The color: blue, orange or gray."""


def format_confidence(probability: float) -> str:
    """Format a probability as whole percent, which never claims to be certain."""
    percent = round(100 * probability)
    return f"{'<1' if percent < 1 else '>99' if percent > 99 else percent}\N{NO-BREAK SPACE}%"


def is_unsure(probability: float) -> bool:
    """Return whether a label of this probability is no verdict."""
    return round(100 * probability) < 100 * UNSURE_BELOW  # as it is shown


def choose_tone(label: int, wording: Wording) -> Tone:
    """Choose the color of a label: of two, the first is blue and the other orange; of more, all are blue."""
    return "against" if wording.has_two and label != wording.first else "for"


def describe_verdict(probabilities: Sequence[float], wording: Wording) -> dict[str, Any]:
    """Describe the answer to a text, as JSON for answer.js.

    It has the verdict, its confidence and tone, and the most probable labels; of two labels both, orange before blue.
    Of any number of labels, those that fit are blue, and the others gray; each has the probability that it fits from.
    """
    names, thresholds = wording.label_names, wording.thresholds
    by_probability = sorted(range(len(names)), key=lambda label: -probabilities[label])
    if thresholds is not None:
        fitting = [label for label in by_probability if probabilities[label] >= thresholds[label]]
        tones: dict[int, Tone] = {label: "for" if label in fitting else "unsure" for label in by_probability}
        shown = by_probability[: max(MAX_SHOWN_LABELS, len(fitting))]
        number = f"{len(fitting)} of {len(names)}"
        return {
            "verdict": ", ".join(names[label] for label in fitting) or "None of the labels",
            "summary": f"{number} {'label fits' if len(fitting) == 1 else 'labels fit'}",
            "tone": "for" if fitting else "unsure",
            **_describe_shares(probabilities, wording, shown, tones),
        }
    best = by_probability[0]
    unsure = is_unsure(probabilities[best])
    shown = [1 - wording.first, wording.first] if wording.has_two else by_probability[:MAX_SHOWN_LABELS]
    return {
        "verdict": "Hard to tell" if unsure else names[best],
        "perhaps": names[best] if unsure else None,
        "confidence": format_confidence(probabilities[best]),
        "tone": "unsure" if unsure else choose_tone(best, wording),
        **_describe_shares(probabilities, wording, shown, {label: choose_tone(label, wording) for label in shown}),
    }


def _describe_shares(
    probabilities: Sequence[float], wording: Wording, shown: Sequence[int], tones: Mapping[int, Tone]
) -> dict[str, Any]:
    """Describe the probabilities of the labels that are shown."""
    return {
        "is_pair": wording.has_two,
        "shares": [
            {
                "label": wording.label_names[label],
                "share": probabilities[label],
                "shown": format_confidence(probabilities[label]),
                "tone": tones[label],
                "fits_from": wording.thresholds[label] if wording.thresholds else None,
            }
            for label in shown
        ],
        "num_others": len(wording.label_names) - len(shown),
    }


def describe_words(words: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Describe each word of `LSTMSentiment.explain` for the page.

    Its strength is from 0 (plain) to 1 (the strongest word): the square root of its share of the strongest, so that
    words with a little to say are seen beside the strongest.
    """
    strongest = max((abs(word["contribution"]) for word in words), default=0) or 1
    described = []
    for word in words:
        share = abs(word["contribution"]) / strongest
        least = MIN_STRENGTH_OF_FUNCTION_WORDS if says_nothing(word["word"]) else MIN_STRENGTH
        described.append(
            {
                **{key: word[key] for key in ("word", "start", "end")},
                "tone": "for" if word["contribution"] > 0 else "against",
                "strength": round(math.sqrt(share), 3) if share >= least else 0,
                "shown": _format_contribution(word["contribution"]),
            }
        )
    return described


def list_strongest(words: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """List the words of `LSTMSentiment.explain` that add the most, each once with what its colored places add up to."""
    places: dict[str, list[Mapping[str, Any]]] = {}
    for word, described in zip(words, describe_words(words), strict=True):
        if described["strength"]:
            places.setdefault(word["word"].casefold(), []).append(word)
    sums = [(group[0]["word"], len(group), sum(word["contribution"] for word in group)) for group in places.values()]
    sums.sort(key=lambda each: -abs(each[2]))
    return [
        {"word": word, "count": count, "tone": "for" if total > 0 else "against", "shown": _format_contribution(total)}
        for word, count, total in sums[:NUM_STRONGEST]
    ]


def _format_contribution(contribution: float) -> str:
    return f"{contribution:+.2f}".replace("-", "\N{MINUS SIGN}")
