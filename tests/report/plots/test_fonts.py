import logging
import types

import pytest
from matplotlib import font_manager, rcParams
from matplotlib.ft2font import FT2Font

from hf_lstm.report.plots import fonts as plot_fonts
from hf_lstm.report.plots.fonts import find_font_families

OWN = list(rcParams["font.family"])
CIRCLED = "\u24b6\u2102"  # in STIX, which matplotlib brings along, but not in its own DejaVu Sans
HIEROGLYPH = "\U00013000"
PRIVATE = "\U0010fffd"  # which but fonts of last resort have


@pytest.fixture
def messages(caplog):
    caplog.set_level(logging.WARNING)
    return lambda: [record.getMessage() for record in caplog.records]


@pytest.fixture
def install(monkeypatch):
    """Have fonts installed that have these characters, in files of the same name as their family."""

    def install_fonts(**characters_by_family: str) -> None:
        fonts = [
            types.SimpleNamespace(name=name, fname=name, style="normal", weight=400) for name in characters_by_family
        ]
        monkeypatch.setattr(font_manager.fontManager, "ttflist", fonts)
        monkeypatch.setattr(font_manager, "findfont", lambda properties: properties.get_family()[0])
        monkeypatch.setattr(plot_fonts, "_read_characters", lambda path: set(characters_by_family.get(path, "abc")))

    return install_fonts


def test_names_that_matplotlibs_own_font_has_need_no_other(messages):
    assert find_font_families(["neg", "größer", "позитив", "5 $", "two\nlines"]) == OWN
    assert not messages()


def test_each_character_is_in_the_file_that_a_family_is_drawn_with():
    families = find_font_families(["neg", CIRCLED])
    assert families[: len(OWN)] == OWN
    found = set()
    for family in families:
        path = font_manager.findfont(font_manager.FontProperties(family=[family]))
        found |= set(map(chr, FT2Font(path).get_charmap()))
    assert set(CIRCLED) <= found


@pytest.mark.parametrize(
    ("names", "fonts", "families"),
    [
        (["a1", "b2"], {"First": "1", "Both": "12", "Second": "2"}, ["Both"]),
        (["a12", "b34"], {"First": "12", "Middle": "23", "Last": "34"}, ["First", "Last"]),
        (["a12", "b34"], {"Most": "123", "Rest": "4x"}, ["Most", "Rest"]),
        (["a12", "b34"], {"None": "xyz"}, []),
    ],
)
def test_few_families_have_all_that_can_be_had(install, messages, names, fonts, families):
    install(**fonts)
    assert find_font_families(names) == [*OWN, *families]
    assert bool(messages()) == (not families)


def test_a_character_that_another_file_of_the_family_has_is_not_drawn(install, messages, monkeypatch):
    install(Wide="1", Bold="1")
    monkeypatch.setattr(font_manager, "findfont", lambda properties: "another file")
    assert find_font_families(["a1"]) == OWN
    assert len(messages()) == 1


@pytest.mark.parametrize("character", [PRIVATE, "\t"])
def test_what_no_font_has_is_told_in_one_line_which_shows_no_control_characters(messages, character):
    assert find_font_families(["neg", f"a{character}"]) == OWN
    (message,) = messages()
    assert f"boxes for {character!r}, which" in message


def test_fonts_that_are_gone_have_nothing(monkeypatch, messages):
    gone = types.SimpleNamespace(name="Gone", fname="/no/such/font.ttf", style="normal", weight=400)
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [gone])
    assert find_font_families([HIEROGLYPH]) == OWN
    assert HIEROGLYPH in messages()[0]
