"""Texts from data stay texts on our pages: no renderer makes more of them."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_lstm.markdown import format_cell, format_duration, format_table

markdown_it = pytest.importorskip("markdown_it")  # comes with gradio
INVISIBLE = "\u200b"
HOSTILE = (
    "![x](http://evil.example/pixel.png)", "[x](javascript:alert(1))", "<http://evil.example>", "<b>bold</b>",
    "*a* _b_", "`code`", "a | b", "# heading", "- item", "1. item", "2) item", "> quoted", "---", "+ plus", "&lt;b&gt;",
    "$x$", "~~a~~", "\\*a*", "[a]: http://evil.example", "line<br />line", "``` fence", "    indented",
)  # fmt: skip
INERT_TOKENS = {"paragraph_open", "inline", "paragraph_close", "blockquote_open", "blockquote_close"}
TABLE_TOKENS = {f"{kind}_{end}" for kind in ("table", "thead", "tbody", "tr", "th", "td") for end in ("open", "close")}


def render(source):
    """What a page shows of Markdown, and the kinds of everything in it that is no text."""
    tokens = markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(source)
    children = [child for token in tokens for child in token.children or []]
    kinds = {token.type for token in tokens} | {child.type for child in children if child.type != "text"}
    return "".join(child.content for child in children).replace(INVISIBLE, ""), kinds


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("prefix", ["", "> "])
def test_hostile_texts_are_shown_as_they_are(text, prefix):
    shown, kinds = render(prefix + format_cell(text))
    assert shown == " ".join(text.split())
    assert kinds <= INERT_TOKENS


@given(st.text(alphabet="ab1 .)(*_`#>+-![]<>&|~$\\:/@=\n\"'", min_size=1, max_size=30).filter(str.strip))
def test_any_text_is_shown_as_it_is(text):
    shown, kinds = render(f"> {format_cell(text)}")
    assert shown == " ".join(text.split())
    assert kinds <= INERT_TOKENS


@pytest.mark.parametrize(
    "address", ["http://evil.example", "HTTPS://evil.example", "www.evil.example", "me@evil.example"]
)
def test_no_renderer_finds_an_address_to_link(address):
    """Some look for addresses in the text that is left when escapes are gone."""
    shown = html.unescape(format_cell(f"see {address} there"))
    assert not re.search(r"https?://|www\.|\w@\w", shown, flags=re.IGNORECASE)
    assert shown.replace(INVISIBLE, "") == f"see {address} there"


def test_no_text_turns_the_direction_of_what_follows():
    assert format_cell("a\u202eb\u2066c\x1b\x00") == "abc"
    assert format_cell("שלום") == "שלום"


@given(st.text(), st.text())
def test_a_text_stays_in_its_cell(first, second):
    table = format_table(["a", "b"], [[format_cell(first), format_cell(second)]])
    assert len(table.splitlines()) == 3
    _, kinds = render(table)
    assert kinds <= {*TABLE_TOKENS, "inline"}


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.04, "0.0 s"), (3.21, "3.2 s"), (59.94, "59.9 s"), (59.96, "1 min"), (125.4, "2 min 5 s"),
        (3599.4, "59 min 59 s"), (3599.6, "1 h"), (4320, "1 h 12 min"), (7199, "2 h"), (90_000, "25 h"),
    ],
)  # fmt: skip
def test_durations_are_told_in_the_units_that_people_count_in(seconds, expected):
    assert format_duration(seconds) == expected
