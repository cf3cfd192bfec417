import logging

import pytest
from matplotlib import rcParams
from matplotlib.font_manager import FontProperties, findfont, fontManager
from matplotlib.ft2font import FT2Font

from hf_lstm.plot_fonts import find_font_families

CIRCLED = "\u24b6\u2102"  # in STIX, which matplotlib brings along, but not in its own DejaVu Sans
HIEROGLYPH = "\U00013000"


def test_names_that_matplotlibs_own_font_has_need_no_other(caplog):
    assert find_font_families(["neg", "größer", "позитив", "5 $"]) == rcParams["font.family"]
    assert not caplog.records


def test_each_character_is_in_one_of_the_fonts():
    families = find_font_families(["neg", CIRCLED])
    assert families[: len(rcParams["font.family"])] == rcParams["font.family"]
    found = {
        chr(character)
        for family in families
        for character in FT2Font(findfont(FontProperties(family=[family]))).get_charmap()
    }
    assert set(CIRCLED) <= found


@pytest.mark.parametrize("character", [HIEROGLYPH, "\n"])
def test_what_no_font_has_is_told_in_one_line_if_it_would_be_seen(caplog, monkeypatch, character):
    monkeypatch.setattr(fontManager, "ttflist", [])
    with caplog.at_level(logging.WARNING):
        assert find_font_families(["neg", f"a{character}"]) == rcParams["font.family"]
    assert [character in record.getMessage() for record in caplog.records] == [True] * (character == HIEROGLYPH)
