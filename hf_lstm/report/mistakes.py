"""Formats the mistakes of a report, and the tricky reviews."""

import re
from collections.abc import Iterator, Sequence

from hf_lstm.markdown import format_cell, format_percent, format_table
from hf_lstm.records.report import MistakenLabels, TrickyReview, WordContribution

_CHARACTERS_AROUND = 110
"""Shown of a text on either side of the word that misled the most."""
_MAX_WORD_CHARACTERS = 40
"""Shown of a word. Some texts have a line of a thousand dashes, which is one word."""


def format_tricky_reviews(reviews: Sequence[TrickyReview]) -> Iterator[str]:
    """Format the tricky reviews as paragraphs; none without reviews."""
    if not reviews:
        return
    yield "## Tricky reviews"
    yield "Both are negative; the number is the probability that the model gives to positive."
    rows = [
        [
            format_cell(review.text),
            format_percent(review.positive_probability),
            "yes" if review.is_right else "no",
        ]
        for review in reviews
    ]
    yield format_table(["review", "positive", "right"], rows)


def format_mistake_counts(mistakes: Sequence[MistakenLabels], label_names: Sequence[str]) -> Iterator[str]:
    """Format how often which label was taken for which, without any text of the data."""
    yield "## Mistakes"
    if not mistakes:
        yield "There are no mistakes."
        return
    rows = [[_name_pair(pair, label_names), f"{pair.num_rows:,}"] for pair in mistakes]
    yield format_table(["mistake", "rows"], rows)
    yield (
        "The most confident ones are in `mistakes.md`, with the words behind them, and whole in `errors.jsonl`. A "
        "model of data that are not public is published without these two."
    )


def format_mistakes(mistakes: Sequence[MistakenLabels], label_names: Sequence[str]) -> Iterator[str]:
    """Format the page of the most confident mistakes as paragraphs, by pairs of labels.

    Each mistake has the words that speak most for it, and a passage of its text. Of two labels, the second counts as
    the positive one.
    """
    yield "# Most confident mistakes"
    if not mistakes:
        yield "There are no mistakes."
        return
    has_lacks = any(_names_lack(pair, label_names) for pair in mistakes)
    what, of_what = "label", "its logit against that of the others"
    if has_lacks:
        what, of_what = "answer", "the logit of the label"
    yield (
        f"The words are those that speak most for the wrong {what}, with what each adds to {of_what}; "
        "the passage is the one around the strongest of them. `errors.jsonl` has the whole texts."
    )
    for pair in mistakes:
        yield f"## {_name_pair(pair, label_names)}, {pair.num_rows:,} rows"
        rows = [
            [
                ", ".join(f"{_format_word(word.word)} {word.contribution:+.2f}" for word in mistake.words),
                _cut_passage(mistake.text, mistake.words),
                f"{mistake.row:,}",
                "> 99.99 %" if mistake.score >= 0.99995 else format_percent(mistake.score),
            ]
            for mistake in pair.most_confident
        ]
        header = [f"words for {format_cell(pair.predicted)}", "passage", "row", "probability"]
        yield format_table(header, rows, num_texts=2)


def _name_pair(pair: MistakenLabels, label_names: Sequence[str]) -> str:
    name = f"{format_cell(pair.label)} taken for {format_cell(pair.predicted)}"
    if len(label_names) != 2 or _names_lack(pair, label_names):
        return name
    return f"False {'positives' if pair.predicted == label_names[1] else 'negatives'}: {name}"


def _names_lack(pair: MistakenLabels, label_names: Sequence[str]) -> bool:
    """Return whether one of both is the lack of the other, as where a row may have any number of labels."""
    return pair.label not in label_names or pair.predicted not in label_names


def _format_word(word: str) -> str:
    is_long = len(word) > _MAX_WORD_CHARACTERS
    return format_cell(f"{word[: _MAX_WORD_CHARACTERS - 1]}…" if is_long else word)


def _cut_passage(text: str, words: Sequence[WordContribution]) -> str:
    """Cut the passage around the strongest word, and make all `words` in it bold."""
    text = re.sub(r"<br\s*/?>", lambda tag: " " * len(tag[0]), text)  # of the same length: spans must fit
    center = (words[0].start + words[0].end) // 2 if words else 0
    start, end = max(0, center - _CHARACTERS_AROUND), min(len(text), center + _CHARACTERS_AROUND)
    inside = sorted((word.start, word.end) for word in words if start <= word.start and word.end <= end)
    parts, position = [], start
    for word_start, word_end in inside:
        parts += [_format_prose(text[position:word_start]), f"**{format_cell(text[word_start:word_end])}**"]
        position = word_end
    parts.append(_format_prose(text[position:end]))
    return f"{'…' if start else ''}{''.join(parts).strip()}{'…' if end < len(text) else ''}"


def _format_prose(text: str) -> str:
    """Format a piece of text for a cell, and keep a space at either end."""
    return f"{' ' * text[:1].isspace()}{format_cell(text)}{' ' * (text[-1:].isspace() and not text.isspace())}"
