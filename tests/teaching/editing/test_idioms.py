"""Ways to praise and blame that need none of their words."""

import csv
from pathlib import Path

import numpy as np
import pytest

from hf_lstm.teaching.editing import idioms

TEXTS = Path(__file__).parents[3] / "scripts" / "short_texts.csv"


def test_both_sides_of_each_line_differ():
    lines = [line.split(" | ") for line in idioms._IDIOMS]
    assert all(len(line) == 2 and line[0] != line[1] for line in lines)
    sides = [side for line in lines for side in line]
    assert len(sides) == len(set(sides))  # no way of speaking is praise and blame


def test_a_side_tells_the_label():
    random = np.random.RandomState(0)
    found = dict(idioms.write_idiom(random) for _ in range(20_000))
    assert found["I sent it back."] == pytest.approx(0.12)
    assert found["I kept it."] == pytest.approx(0.88)
    assert not any("{" in text for text in found)


def test_none_is_a_text_that_models_are_measured_on():
    random = np.random.RandomState(1)
    written = {idioms.write_idiom(random)[0].lower().strip(".!") for _ in range(20_000)}
    with TEXTS.open(encoding="utf-8", newline="") as file:
        measured = {row["text"].lower().strip(".!") for row in csv.DictReader(file)}
    assert not written & measured
