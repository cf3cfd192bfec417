"""Ways to praise and blame that need none of their words."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest

from hf_lstm.teaching.editing import sayings
from hf_lstm.teaching.editing.opposites import SURE, UNDECIDED, find_sides
from hf_lstm.teaching.editing.sayings import write_fact, write_sayings
from hf_lstm.teaching.editing.wording import read_lines

TEXTS = Path(__file__).parents[3] / "scripts" / "short_texts.csv"
TABLES = ("sayings.txt", "verdicts.txt", "concessions.txt")


@pytest.mark.parametrize("table", TABLES)
def test_both_sides_of_each_line_differ_and_none_is_said_in_praise_and_in_blame(table):
    pairs = sayings.load_pairs(table)
    assert all(praise != blame for praise, blame in pairs)
    sides = [side for pair in pairs for side in pair]
    assert [side for side in sides if sides.count(side) > 1] == []


@pytest.mark.parametrize("table", [*TABLES, "facts.txt"])
def test_slots_are_known_and_choices_are_several(table):
    for side in (side for line in read_lines(table) for side in line.split(" | ")):
        assert set(re.findall(r"\{(.*?)\}", side)) <= set(sayings.SLOTS), side
        assert side.count("[") == len(re.findall(r"\[[^\[\]]*/[^\[\]]*\]", side)) == side.count("]"), side
        assert side == side.strip()


def test_the_table_has_many_lines():
    assert len(sayings.load_pairs()) >= 900


@pytest.fixture(scope="module")
def written():
    random = np.random.RandomState(0)
    return [text for _ in range(20_000) for text in (*write_sayings(random), write_fact(random))]


def test_a_side_tells_the_label(written):
    found = dict(written)
    assert found["I sent it back."] == pytest.approx(1 - SURE)
    assert found["I kept it."] == pytest.approx(SURE)
    assert not any(set("{}[]|") & set(text) for text in found)


def test_both_sides_of_a_pair_speak_of_the_same_thing():
    random = np.random.RandomState(2)
    for _ in range(300):
        (praise, _), (blame, _) = write_sayings(random)
        if praise.endswith(" won me over."):
            assert blame == praise.replace("won me over", "lost me")


def test_a_fact_has_no_word_of_praise_or_blame_and_is_as_likely_either():
    random = np.random.RandomState(4)
    facts = [write_fact(random) for _ in range(5_000)]
    assert {praise for _, praise in facts} == {UNDECIDED}
    assert [text for text, _ in facts if find_sides(text)] == []
    assert not any(set("{}[]|") & set(text) for text, _ in facts)


def test_clauses_are_of_it():
    random = np.random.RandomState(3)
    assert all(sayings.write_clause(side, random).startswith("it ") for side in (1, -1) for _ in range(100))


def test_none_is_a_text_that_models_are_measured_on(written):
    said = {text.lower().strip(".!") for text, _ in written}
    with TEXTS.open(encoding="utf-8", newline="") as file:
        measured = {row["text"].lower().strip(".!") for row in csv.DictReader(file)}
    num_shared = len(said & measured)  # a failed test must not show which
    assert num_shared == 0
