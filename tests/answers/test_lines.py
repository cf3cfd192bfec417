"""The lines that answers are printed as."""

import torch
from run_records import make_config

from hf_lstm.answers.lines import format_answer, format_rows, show_start
from hf_lstm.config.model import MULTI_LABEL

ONE, ANY = make_config(["a", "b"]), make_config(["a", "b"], MULTI_LABEL)


def test_a_text_has_its_label_or_with_scores_all_of_them():
    probabilities = torch.tensor([[0.25, 0.75], [0.5, 0.5]])
    assert list(format_rows(["x", "y"], probabilities, ONE, with_scores=False)) == ["b\t0.7500\tx", "a\t0.5000\ty"]
    lines = list(format_rows(["x", "y"], probabilities, ONE, with_scores=True))
    assert lines == ["b\t0.7500\ta\t0.2500\tx", "a\t0.5000\tb\t0.5000\ty"]
    assert format_answer(probabilities[:1], ONE, with_scores=True) == "b 0.7500\na 0.2500"


def test_any_number_of_labels_stand_in_one_field():
    probabilities = torch.tensor([[0.25, 0.75], [0.5, 0.9], [0.1, 0.2]])
    lines = list(format_rows(["x", "y", "z"], probabilities, ANY, with_scores=False))
    assert lines == ["b\t0.7500\tx", "b|a\t0.9000|0.5000\ty", "\t\tz"]
    assert format_answer(probabilities[2:], ANY, with_scores=False).startswith("none of the labels")
    assert len(format_answer(probabilities[2:], ANY, with_scores=True).splitlines()) == 2


def test_only_the_start_of_a_text_is_shown_on_one_line_that_no_terminal_obeys():
    assert show_start("a\n\tb  c") == "a b c"
    assert show_start("\x1b[31mred") == "\N{REPLACEMENT CHARACTER}[31mred"
    assert len(show_start("ab " * 1_000)) == 80


def test_a_label_stays_in_its_field_and_no_terminal_obeys_it():
    odd = make_config(["a\tb\nc", "\x1b[31mred"])
    probabilities = torch.tensor([[0.75, 0.25]])
    lines = list(format_rows(["x"], probabilities, odd, with_scores=True))
    assert lines == ["a b c\t0.7500\t\N{REPLACEMENT CHARACTER}[31mred\t0.2500\tx"]
    assert format_answer(probabilities, odd, with_scores=False) == "a b c 0.7500"
