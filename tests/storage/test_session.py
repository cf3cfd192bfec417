import logging
from dataclasses import dataclass

import pytest

from hf_lstm import InputError
from hf_lstm.storage.output_folder import OutputFolder, claim_output_folder
from hf_lstm.storage.session import Session, open_session, read_finished


def test_a_state_is_captured_when_it_is_due_and_never_twice(tmp_path):
    state, captured = {"step": 0}, []

    def capture():
        captured.append(state["step"])
        return dict(state)

    with claim_output_folder(tmp_path / "run", overwrite=False) as folder:
        session = open_session(folder, {}, {}, every_minutes=60, every_steps=2)
        with session.running(capture):
            for step in range(1, 6):
                with session.step():
                    state["step"] = step
                session.save_if_due(step)
            assert captured == [2, 4]
            session.save()
            session.save()  # the checkpoint has it already
        assert captured == [2, 4, 5]
        assert open_session(folder, {}, {}, every_minutes=60).restore() == {"step": 5}


def test_other_settings_are_refused_and_other_code_is_told(tmp_path, caplog):
    with claim_output_folder(tmp_path / "run", overwrite=False) as folder:
        open_session(folder, {"seed": 0}, {"code": "a"}, every_minutes=60)
        open_session(folder, {"seed": 0}, {"code": "b"}, every_minutes=60)
        assert [message.partition(": ")[2] for message in caplog.messages] == ["code was a and is b now"]
        with pytest.raises(InputError, match=r"seed was 0 and is 1 now"):
            open_session(folder, {"seed": 1}, {"code": "a"}, every_minutes=60)


def test_a_run_is_not_resumed_where_nothing_says_what_it_was(tmp_path):
    with claim_output_folder(tmp_path / "run", overwrite=False) as folder:
        session = open_session(folder, {"seed": 0}, {}, every_minutes=60)
        with session.running(dict), session.step():
            session.log({"step": 1})
        session.save()
        folder.identity.unlink()
        with pytest.raises(InputError, match=r"run\.json is gone, .* put it back, or pass --overwrite"):
            open_session(folder, {"seed": 0}, {}, every_minutes=60)


def test_a_session_without_checkpoints_saves_nothing():
    session = Session()
    with session.running(dict), session.step():
        session.log({"step": 1})
    session.save_if_due(1, ends_epoch=True)
    session.save()
    assert session.restore() is None


@dataclass
class Results:
    """Stands for the results of a run."""

    seed: int


def test_of_a_finished_run_the_results_are_read_and_nothing_else_is_done(tmp_path, caplog):
    caplog.set_level(logging.INFO, "hf_lstm")
    (tmp_path / "results.json").write_text('{"seed": 7}')
    assert read_finished(OutputFolder(tmp_path), Results, {}) is None
    assert caplog.messages == []
    assert read_finished(OutputFolder(tmp_path, is_finished=True), Results, {}) == Results(7)
    assert caplog.messages == [f"the run in {tmp_path} is finished: nothing to do"]
