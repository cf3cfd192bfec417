import contextlib
import os
import signal
import time

import pytest

from hf_lstm.runtime.ending import ENDING_SIGNALS
from hf_lstm.storage import interruptions as module
from hf_lstm.storage.interruptions import Interruptions


@pytest.fixture(autouse=True)
def _default_handlers(monkeypatch):
    before = {number: signal.getsignal(number) for number in ENDING_SIGNALS}
    for number in ENDING_SIGNALS:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_a_signal_within_a_step_counts_after_it(number):
    error = KeyboardInterrupt if number == signal.SIGINT else SystemExit
    done = []
    interruptions = Interruptions()
    with interruptions, pytest.raises(error) as raised:  # noqa: PT012
        with interruptions.deferred():
            os.kill(os.getpid(), number)
            os.kill(os.getpid(), number)  # to the process and to its group
            done.append("step")
        pytest.fail("went on")
    assert done == ["step"]
    assert not interruptions.is_broken
    assert error is KeyboardInterrupt or raised.value.code == 128 + number
    assert all(signal.getsignal(each) == signal.SIG_DFL for each in ENDING_SIGNALS if each != signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_between_steps_a_signal_counts_at_once():
    with Interruptions() as interruptions, pytest.raises(KeyboardInterrupt):  # noqa: PT012
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(600)
        pytest.fail("went on")
    assert not interruptions.is_broken


@pytest.mark.parametrize("is_within_a_step", [False, True])
def test_a_handler_that_goes_on_is_called_once_for_a_signal(is_within_a_step, monkeypatch):
    monkeypatch.setattr(module, "MAX_DEFERRED_S", 0.3)  # a busy machine must end the step before
    calls = []
    signal.signal(signal.SIGTERM, lambda number, _: calls.append(number))
    with Interruptions() as interruptions:
        with interruptions.deferred() if is_within_a_step else contextlib.nullcontext():
            os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.4)  # longer than a step may take
        with interruptions.deferred():
            pass
    assert calls == [signal.SIGTERM]


def test_a_step_that_takes_too_long_is_broken_off(monkeypatch):
    monkeypatch.setattr(module, "MAX_DEFERRED_S", 0.05)
    with Interruptions() as interruptions, pytest.raises(SystemExit), interruptions.deferred():  # noqa: PT012
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(600)
        pytest.fail("went on")
    assert interruptions.is_broken


def test_an_error_within_a_step_breaks_it():
    interruptions = Interruptions()
    with interruptions, pytest.raises(ValueError, match="bad"), interruptions.deferred():
        raise ValueError("bad")
    assert interruptions.is_broken
