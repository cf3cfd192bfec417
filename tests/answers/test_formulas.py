import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_lstm.answers.formulas import disarm, is_formula


@pytest.mark.parametrize(
    "cell", ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "＝1", "-1+cmd|' /C calc'!A0", "-"]
)
def test_formulas_get_an_apostrophe(cell):
    assert disarm(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "a", "5 = 5", "-1", "+49", "-1.5e-3", "-,5", "1-1", "'=1"])
def test_numbers_and_texts_stay(cell):
    assert disarm(cell) == cell


@given(st.text())
def test_what_is_disarmed_is_no_formula(cell):
    assert not is_formula(disarm(cell))
    assert disarm(cell).removeprefix("'" if is_formula(cell) else "") == cell
