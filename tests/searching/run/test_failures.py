"""Trials that fail, and what ends a search."""

import pytest
from small_searches import DeathError, die_at, read, search

from hf_lstm.errors import DivergenceError, InputError, StorageError

run_module = pytest.importorskip("hf_lstm.searching.run")
trial_module = pytest.importorskip("hf_lstm.searching.trial")


def test_a_full_disk_as_a_trial_was_broken_off_is_told_in_one_line(reviews, tmp_path, monkeypatch):
    def fail(*_):
        raise StorageError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(trial_module, "decide", lambda *_: True)
        patch.setattr("hf_lstm.storage.metrics_log.MetricsLog._write", fail)
        with pytest.raises(StorageError, match="the disk is full"):
            search(reviews, tmp_path / "search", "--trials", "1")
    assert [trial["state"] for trial in read(tmp_path / "search")["trials"]] == ["pruned"]


def test_trials_that_fail_are_recorded_and_the_search_goes_on(reviews, tmp_path, monkeypatch, whole):
    original, errors = (
        run_module.run_trial,
        [DivergenceError("it diverged"), RuntimeError("out of memory"), MemoryError()],
    )

    def failing(*arguments):
        if errors:
            raise errors.pop(0)
        return original(*arguments)

    monkeypatch.setattr(run_module, "run_trial", failing)
    facts = search(reviews, tmp_path / "search", "--trials", "4")
    assert [trial["state"] for trial in facts["trials"]] == ["failed", "failed", "failed", "complete"]
    said = ["it diverged", "RuntimeError: out of memory", "MemoryError:"]
    assert [trial["error"] for trial in facts["trials"][:3]] == said
    assert "Trial 1: it diverged" in (tmp_path / "search/search.md").read_text()


def test_a_search_whose_first_trials_fail_alike_ends(reviews, tmp_path, monkeypatch):
    def fail(*_):
        raise InputError("there are no such vectors")

    monkeypatch.setattr(run_module, "run_trial", fail)
    with pytest.raises(InputError, match="first 3 trials failed alike, so the search ends: there are no such vectors"):
        search(reviews, tmp_path / "search")


def test_a_search_that_ends_before_its_first_trial_leaves_nothing(reviews, tmp_path, monkeypatch):
    def fail(*_):
        raise InputError("these rows are unusable")

    monkeypatch.setattr(run_module, "load_splits", fail)
    for is_killed in (False, True, False):
        if is_killed:
            (tmp_path / "search/study").mkdir()
            (tmp_path / "search/study/search.json").write_text("{}")
        with pytest.raises(InputError, match="these rows are unusable"):
            search(reviews, tmp_path / "search")
        assert list((tmp_path / "search").iterdir()) == []


def test_a_full_disk_ends_a_search_that_can_be_resumed(reviews, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise StorageError("the disk is full")

    for _ in range(trial_module.MAX_DEATHS + 1):  # which is no death of the process
        with monkeypatch.context() as patch:
            patch.setattr(trial_module, "prepare_run", fail)
            with pytest.raises(StorageError):
                search(reviews, tmp_path / "search", "--trials", "1", "--resume")
    facts = search(reviews, tmp_path / "search", "--trials", "1", "--resume")
    assert [trial["state"] for trial in facts["trials"]] == ["complete"]


def test_a_trial_in_which_the_process_dies_again_and_again_fails(reviews, tmp_path, monkeypatch):
    for _ in range(trial_module.MAX_DEATHS):
        with monkeypatch.context() as patch:
            die_at(patch, trial_module, "prepare_run", call=1)
            with pytest.raises(DeathError):
                search(reviews, tmp_path / "search", "--trials", "2", "--resume")
    facts = search(reviews, tmp_path / "search", "--trials", "2", "--resume")
    assert [trial["state"] for trial in facts["trials"]] == ["failed", "complete"]
    assert "the process died 2 times" in facts["trials"][0]["error"]
