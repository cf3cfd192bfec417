"""A search that was stopped or killed goes on as if nothing was."""

import functools
import os
import signal

import pytest
from small_searches import SETTINGS, SPACE, DeathError, die_at, read, search

from hf_lstm.config.recipes.catalog import get_recipe
from hf_lstm.errors import InputError
from hf_lstm.searching.space import parse_space

optuna = pytest.importorskip("optuna")
run_module = pytest.importorskip("hf_lstm.searching.run")
trial_module = pytest.importorskip("hf_lstm.searching.trial")
Study = pytest.importorskip("hf_lstm.searching.study").Study


def list_figures(facts):
    """What of the trials must not depend on when they ran."""
    return [
        (trial["number"], trial["state"], trial["settings"], [(e["train"], e["validation"]) for e in trial["epochs"]])
        for trial in facts["trials"]
    ]


@pytest.mark.parametrize(
    ("target", "name", "call", "after"),
    [
        (Study, "tell", 2, False),
        (Study, "tell", 2, True),
        (trial_module._Watch, "__call__", 17, True),
        (run_module, "save_model", 1, True),
        (run_module.SearchFolder, "keep_trial", 4, False),  # when the last trial has ended
    ],
)
def test_a_search_that_was_killed_goes_on_as_if_nothing_was(
    reviews, tmp_path, monkeypatch, whole, target, name, call, after
):
    with monkeypatch.context() as patch:
        die_at(patch, target, name, call=call, after=after)
        with pytest.raises(DeathError):
            search(reviews, tmp_path / "search", "--trials", "3")
    with open(tmp_path / "search/study/journal.log", "ab") as journal:
        journal.write(b'{"op_code": 5, "worker')  # a line that was being written
    facts = search(reviews, tmp_path / "search", "--trials", "3", "--resume")
    assert list_figures(facts) == list_figures(whole)
    assert facts["best_trial"] == whole["best_trial"]
    assert {path.name for path in (tmp_path / "search").iterdir()} == {"search.json", "search.md", "best", "study"}
    assert {path.name for path in (tmp_path / "search/study").iterdir()} == {"search.json", "journal.log"}


def test_a_study_goes_on_as_if_nothing_was_wherever_its_journal_ends(tmp_path):
    space = parse_space([*SPACE, "model.dropout=0..0.5:0.1"], get_recipe("pooled-bilstm"))
    journal = tmp_path / "whole.log"
    options = {"measure": "loss", "pruner": "none", "num_epochs": 2, "seed": 0}
    study, chosen = Study(journal, space, **options), []
    for number in range(12):  # the first 10 are drawn, the others are chosen by what came of these
        trial, settings = study.ask()
        chosen.append(settings)
        study.tell(trial, optuna.trial.TrialState.COMPLETE, float(number * 7 % 5))
    lines = journal.read_bytes().splitlines(keepends=True)
    for num_lines in [*range(1, 12), *range(len(lines) - 6, len(lines))]:
        cut = tmp_path / f"{num_lines}.log"
        cut.write_bytes(b"".join(lines[:num_lines]))
        trial, settings = Study(cut, space, **options).ask()
        assert settings == chosen[trial.number], num_lines


def test_the_time_is_kept_and_the_trial_that_ran_goes_on(reviews, tmp_path, whole):
    with pytest.raises(InputError, match="no trial was finished"):
        search(reviews, tmp_path / "search", "--trials", "3", "--minutes", "1e-9")
    assert read(tmp_path / "search")["trials"] == []
    with pytest.raises(InputError, match="holds a search"):
        search(reviews, tmp_path / "search", "--trials", "3")
    assert list_figures(search(reviews, tmp_path / "search", "--trials", "3", "--resume")) == list_figures(whole)
    more = search(reviews, tmp_path / "search", "--trials", "4", "--resume")
    assert list_figures(more)[:3] == list_figures(whole)
    assert len(more["trials"]) == 4


def test_a_trial_that_is_stopped_by_the_time_is_saved(reviews, tmp_path, monkeypatch, whole):
    original = trial_module._Watch.__init__

    def late(self, trial, session, recipe, deadline_s):
        original(self, trial, session, recipe, deadline_s if trial.number < 1 else 0.0)

    with monkeypatch.context() as patch:
        patch.setattr(trial_module._Watch, "__init__", late)
        facts = search(reviews, tmp_path / "search", "--trials", "3")
    assert [trial["state"] for trial in facts["trials"]] == ["complete", "unfinished"]
    assert list((tmp_path / "search").rglob("checkpoint-*"))
    assert list_figures(search(reviews, tmp_path / "search", "--trials", "3", "--resume")) == list_figures(whole)


def test_a_signal_while_a_trial_is_broken_off_ends_the_search_and_loses_nothing(reviews, tmp_path, monkeypatch, capsys):
    def decide(*_):
        os.kill(os.getpid(), signal.SIGTERM)
        return True

    with monkeypatch.context() as patch:
        patch.setattr(trial_module, "decide", decide)
        with pytest.raises(SystemExit) as ending:
            search(reviews, tmp_path / "search", "--trials", "2")
    assert ending.value.code == 143
    assert "stopped; go on with: " in capsys.readouterr().err
    before = read(tmp_path / "search")["trials"]
    assert [trial["state"] for trial in before] == ["pruned"]
    after = search(reviews, tmp_path / "search", "--trials", "2", "--resume")["trials"]
    assert after[:1] == before
    assert after[1]["state"] == "complete"


def test_another_space_or_recipe_is_not_resumed(reviews, tmp_path, whole):
    search(reviews, tmp_path / "search", "--trials", "1")
    with pytest.raises(InputError, match=r"train\.seed was 0 and is 1 now"):
        search(reviews, tmp_path / "search", "--trials", "2", "--resume", "--seed", "1")
    with pytest.raises(InputError, match="pruner was median and is none now"):
        search(reviews, tmp_path / "search", "--trials", "2", "--resume", "--pruner", "none")
    (tmp_path / "search/mine.txt").write_text("mine")
    with pytest.raises(InputError, match=r"'mine\.txt', which no search wrote"):
        search(reviews, tmp_path / "search", "--trials", "2", "--overwrite")


def test_a_search_that_goes_on_asks_no_teacher_again(reviews, tmp_path, monkeypatch):
    pytest.importorskip("sklearn")
    teachers = pytest.importorskip("hf_lstm.teaching.teachers")
    monkeypatch.setattr(run_module, "KeptAnswers", functools.partial(run_module.KeptAnswers, after_s=0))
    taught = ["--trials", "2", "--set", *SETTINGS, "train.teachers=ngrams"]
    whole = search(reviews, tmp_path / "whole", *taught)
    asked, ask = [], teachers.label_by_ngrams
    monkeypatch.setattr(teachers, "label_by_ngrams", lambda lesson, said: asked.append(0) or ask(lesson, said))

    def die(*_, **__):
        raise DeathError

    with monkeypatch.context() as patch:
        patch.setattr(trial_module, "train", die)
        with pytest.raises(DeathError):
            search(reviews, tmp_path / "search", *taught)
    resumed = search(reviews, tmp_path / "search", *taught, "--resume")
    assert len(asked) == 1
    assert list_figures(resumed) == list_figures(whole)
    assert not (tmp_path / "search" / "study" / "answers").exists()


@pytest.mark.parametrize(
    ("target", "name"),
    [(trial_module, "open_session"), (run_module, "measure_trial"), (run_module, "save_model"), (Study, "tell")],
)
def test_a_trial_that_is_stopped_again_and_again_outside_its_training_goes_on(
    reviews, tmp_path, monkeypatch, whole, target, name
):
    def end(*_, **__):
        raise SystemExit(143)  # as SIGTERM has it

    for _ in range(trial_module.MAX_DEATHS + 1):
        with monkeypatch.context() as patch:
            patch.setattr(target, name, end)
            with pytest.raises(SystemExit):
                search(reviews, tmp_path / "search", "--trials", "1", "--resume")
    facts = search(reviews, tmp_path / "search", "--trials", "1", "--resume")
    assert list_figures(facts) == list_figures(whole)[:1]
