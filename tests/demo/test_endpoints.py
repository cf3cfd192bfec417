"""Endpoints tell visitors what to do, and nothing else."""

import gradio as gr
import pytest

from hf_lstm import InputError
from hf_lstm.demo.endpoints import handle_errors, refuse, stream_hints


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (refuse("Too <b>long</b>"), "Too <b>long</b>"),
        (InputError("no column 'x'"), "no column 'x'"),
        (KeyError("secret"), "Something went wrong here; the text is not to blame."),
    ],
)
def test_what_breaks_off_midway_ends_in_a_hint_that_tells_no_secret(error, said, caplog):
    def count():
        yield 1
        raise error

    assert list(stream_hints(count, lambda hint: hint)()) == [1, {"hint": said}]
    assert "secret" not in caplog.text


def test_an_error_of_ours_is_refused_without_what_caused_it(caplog):
    @handle_errors
    def answer():
        raise KeyError("secret")

    with pytest.raises(gr.Error, match="Something went wrong here"):
        answer()
    assert "answer: KeyError in " in caplog.text
    assert "secret" not in caplog.text
