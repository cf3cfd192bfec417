import numpy as np
import pytest

from hf_lstm.teaching.editing.compositions import DECIDED, write_composition, write_sentence
from hf_lstm.teaching.editing.opposites import BLAME, PRAISE, SURE
from hf_lstm.teaching.editing.sayings import load_pairs


@pytest.fixture(scope="module")
def written():
    random = np.random.RandomState(0)
    return [write_composition(random) for _ in range(4000)]


def test_the_clause_that_decides_tells_the_label(written):
    num_found = 0
    for text, praise in written:
        said = text.rstrip(".!").lower()
        for place, side in enumerate((PRAISE, BLAME)):
            if any(said.endswith(f"but {pair[place]}".lower()) for pair in load_pairs("verdicts.txt")):
                assert praise == pytest.approx(DECIDED if side == PRAISE else 1 - DECIDED), text
                num_found += 1
    assert num_found > 100


def test_texts_of_one_side_are_surer_than_contrasts(written):
    contrasts = [
        max(praise, 1 - praise) for text, praise in written if text.lower().startswith(("although ", "despite "))
    ]
    assert contrasts == pytest.approx([DECIDED] * len(contrasts))
    assert {round(max(praise, 1 - praise), 2) for _, praise in written} == {SURE, DECIDED}


def test_texts_begin_large_and_are_drawn_by_the_seed(written):
    random = np.random.RandomState(0)
    assert [write_composition(random) for _ in range(50)] == written[:50]
    assert all(not text[0].islower() for text, _ in written)
    assert all(write_sentence(side, random)[-1] in ".!" for side in (PRAISE, BLAME) for _ in range(50))
