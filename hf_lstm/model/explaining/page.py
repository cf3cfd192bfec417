"""Shows an explanation as HTML: the text with its words in colors, for notebooks."""

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from hf_lstm.tokenization.word_patterns import replace_surrogates

Word: TypeAlias = Mapping[str, Any]

_FOR, _AGAINST = (0, 114, 178), (230, 159, 0)
"""Blue and orange, which people of any color vision tell apart."""
_MOST_COLOR = 0.55
"""Of a word's background; black on it has a contrast of at least 7."""
_NUM_STRONGEST = 8


def render_explanation(text: str, words: Sequence[Word], label: str, against: str | None) -> str:
    """Render a text with its words in colors, and the strongest words with their contributions.

    No text or label can become markup.

    Args:
        text: what was explained.
        words: as `LSTMSentiment.explain` gives them.
        label: what positive contributions speak for.
        against: what negative ones speak for; None for all other labels.
    """
    against = "other labels" if against is None else against
    most = max((abs(word["contribution"]) for word in words), default=0.0)
    shown, position = [], 0
    for word in words:
        shown += [html.escape(text[position : word["start"]]), _color(word, word["word"], most, label, against)]
        position = word["end"]
    shown.append(html.escape(text[position:]))
    strongest = sorted(words, key=lambda word: -abs(word["contribution"]))[:_NUM_STRONGEST]
    named = " ".join(
        _color(word, f"{word['word']} {_format(word['contribution'])}", most, label, against) for word in strongest
    )
    legend = " ".join(
        f'<span style="{_style(1.0, color)}">{html.escape(name)}</span>'
        for name, color in ((label, _FOR), (against, _AGAINST))
    )
    page = (
        f'<div style="max-width: 50em; line-height: 1.8"><p>speaks for {legend}</p>'
        f'<p style="white-space: pre-wrap; overflow-wrap: anywhere">{"".join(shown)}</p><p>{named}</p></div>'
    )
    return replace_surrogates(page)


def _color(word: Word, content: str, most: float, label: str, against: str) -> str:
    contribution = word["contribution"]
    name, color = (label, _FOR) if contribution > 0 else (against, _AGAINST)
    # The square root keeps the many words with a little to say visible beside the strongest.
    strength = math.sqrt(abs(contribution) / most) if most else 0.0
    title = html.escape(f"{_format(contribution)}, speaks for {name}", quote=True)
    return f'<span title="{title}" style="{_style(strength, color)}">{html.escape(content)}</span>'


def _style(strength: float, color: Iterable[int]) -> str:
    red, green, blue = (round(255 - _MOST_COLOR * strength * (255 - part)) for part in color)
    return f"background: rgb({red}, {green}, {blue}); color: #111; border-radius: 3px; padding: 1px 2px"


def _format(contribution: float) -> str:
    return f"{'−' if contribution < 0 else '+'}{abs(contribution):.2f}"
