"""Tests that messages stay short lines, whatever they quote."""

from hypothesis import given
from hypothesis import strategies as st

from hf_lstm.errors import MAX_MESSAGE_CHARACTERS, InputError, abbreviate, shorten


@given(st.text())
def test_a_message_is_one_line_without_terminal_codes(text):
    assert "".join(str(InputError(text)).split()).isprintable() or not text.isascii()
    assert len(str(InputError(text)).splitlines()) <= 1


def test_a_long_message_keeps_its_beginning_and_its_remedy():
    message = str(InputError(f"config.json: {'x' * 10**6}; do this"))
    assert len(message) <= MAX_MESSAGE_CHARACTERS
    assert message.startswith("config.json: x")
    assert message.endswith("x; do this")


def test_names_and_values_are_cut():
    assert abbreviate(["a" * 100, "b"]) == f"{'a' * 37 + '...'!r}, 'b'"
    assert abbreviate(list("abc"), max_names=2) == "'a', 'b' and 1 more"
    assert shorten("x" * 10, 5) == "xx..."
    assert len(shorten({str(index): "y" * 1000 for index in range(1000)})) <= 200
    assert shorten(MemoryError()) == "MemoryError"
