"""Searches: what they find, what they never read, and what is left of them when they are killed."""

import contextlib
import csv
import dataclasses
import functools
import json
import os
import shlex
import signal
from types import SimpleNamespace

import numpy as np
import pytest

import hf_lstm
from hf_lstm.cli import main as cli
from hf_lstm.config.recipes.catalog import get_recipe
from hf_lstm.errors import DivergenceError, InputError, StorageError
from hf_lstm.records.reading import read_record
from hf_lstm.records.search import SearchFacts, TrialFacts
from hf_lstm.searching.space import parse_space

optuna = pytest.importorskip("optuna")
from_python = pytest.importorskip("hf_lstm.searching.from_python")
run_module = pytest.importorskip("hf_lstm.searching.run")
trial_module = pytest.importorskip("hf_lstm.searching.trial")
Study = pytest.importorskip("hf_lstm.searching.study").Study

SMALL = {"num_epochs": 2, "batch_size": 16, "embedding_dim": 4, "hidden_size": 4, "max_length_tokens": 8}
SETTINGS = [
    "train.num_epochs=2", "train.batch_size=16", "model.embedding_dim=4", "model.max_length_tokens=8",
]  # fmt: skip
SPACE = ["train.learning_rate=1e-3..1e-1:log", "model.hidden_size=2,4"]


def make_rows(num_rows, offset=0):
    words = ["good", "fine", "bad", "poor"]
    rows = [
        (f"a {words[i % 4]} film, number {(i + offset) * 7919 % 89}", "pos" if i % 4 < 2 else "neg")
        for i in range(num_rows)
    ]
    return [text for text, _ in rows], [label for _, label in rows]


@pytest.fixture(scope="module")
def reviews(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "reviews.csv"
    with open(path, "w", newline="") as stream:
        csv.writer(stream).writerows([("text", "label"), *zip(*make_rows(80), strict=True)])
    return path


@pytest.fixture(autouse=True)
def no_plot(monkeypatch):
    """Plots take longer than these trials; one test draws."""
    monkeypatch.setattr(run_module, "write_plot", lambda *_: None)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"trials": 0}, "trials is 0, but must be a whole number of at least 1"),
        ({"trials": "3"}, "trials is '3', but must be a whole number"),
        ({"trials": 2.5}, "trials is 2.5, but must be a whole number"),
        ({"trials": True}, "trials is True, but must be a whole number"),
        ({"minutes": "60"}, "minutes is '60', but must be a number of more than 0"),
        ({"minutes": 0}, "minutes is 0, but must be a number of more than 0"),
        ({"minutes": float("nan")}, "minutes is nan, but must be a number of more than 0"),
        ({"checkpoint_minutes": None}, "checkpoint_minutes is None, but must be a number of more than 0"),
        ({"pruner": ["median"]}, r"pruner is \['median'\], but must be one of median, "),
        ({"space": ["learning_rate=1e-3,1e-2"]}, "space is .*, but must be a dictionary"),
        ({"space": {"hidden_size": 4}}, "space: hidden_size is 4, but must be a list"),
    ],
    ids=str,
)
def test_what_is_no_option_of_a_search_is_told_in_one_line(given, told):
    with pytest.raises(InputError, match=told):
        hf_lstm.search(make_rows(8), "pooled-bilstm", **given)


def test_spaces_may_be_arrays():
    (dimension,) = from_python._read_space(get_recipe("pooled-bilstm"), {"learning_rate": np.array([1e-3, 1e-2])}, {})
    assert dimension.corners == (1e-3, 1e-2)


def search(reviews, folder, *arguments):
    command = ["search", "--dataset", str(reviews), "--recipe", "pooled-bilstm", "--output-dir", str(folder)]
    cli.main([*command, "--space", *SPACE, "--set", *SETTINGS, "--no-progress", *arguments])
    return read(folder)


def read(folder):
    return json.loads((folder / "search.json").read_text())


def list_figures(facts):
    """What of the trials must not depend on when they ran."""
    return [
        (trial["number"], trial["state"], trial["settings"], [(e["train"], e["validation"]) for e in trial["epochs"]])
        for trial in facts["trials"]
    ]


def test_the_best_trial_is_trained_again_to_the_bit(reviews, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    facts = search(reviews, tmp_path / "search", "--trials", "3")
    best = next(trial for trial in facts["trials"] if trial["number"] == facts["best_trial"])
    assert best["loss"] == min(trial["loss"] for trial in facts["trials"])
    assert facts["best_command"] in capsys.readouterr().out
    name, *arguments = shlex.split(facts["best_command"])[1:]
    assert name == "train"
    cli.main(["train", *arguments, "--output-dir", "again", "--no-baseline", "--no-progress"])
    results = json.loads((tmp_path / "again/results.json").read_text())
    assert results["weights_sha256"] == best["weights_sha256"]
    kept, again = (hf_lstm.LSTMSentiment.from_pretrained(tmp_path / name) for name in ("search/best", "again"))
    assert kept.config == again.config  # with the temperature
    assert [path.name for path in tmp_path.rglob("*.safetensors")] == ["model.safetensors"] * 2  # of one trial alone
    assert not list((tmp_path / "search").glob("trials"))


class DeathError(BaseException):
    """Ends a search as if its process was killed: nobody catches it."""


def die_at(monkeypatch, target, name, *, call, after=False):
    original, calls = getattr(target, name), []

    def dying(*arguments, **options):
        calls.append(name)
        if len(calls) == call and not after:
            raise DeathError
        answer = original(*arguments, **options)
        if len(calls) == call:
            raise DeathError
        return answer

    monkeypatch.setattr(target, name, dying)


@pytest.fixture(scope="module")
def whole(reviews, tmp_path_factory):
    """What a search finds that nobody stops."""
    return search(reviews, tmp_path_factory.mktemp("whole") / "search", "--trials", "3")


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


def test_a_full_disk_as_a_trial_was_broken_off_is_told_in_one_line(reviews, tmp_path, monkeypatch):
    def fail(*_):
        raise StorageError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(trial_module, "decide", lambda *_: True)
        patch.setattr("hf_lstm.storage.metrics_log.MetricsLog._write", fail)
        with pytest.raises(StorageError, match="the disk is full"):
            search(reviews, tmp_path / "search", "--trials", "1")
    assert [trial["state"] for trial in read(tmp_path / "search")["trials"]] == ["pruned"]


def test_a_tracker_sees_the_epoch_that_breaks_a_trial_off(reviews, tmp_path, monkeypatch):
    seen, tracking, places = [], SimpleNamespace(is_done=False), []

    @contextlib.contextmanager
    def tracked(session, *_, shown_as):
        session.listeners.append(seen.append)
        places.append(shown_as)
        yield tracking

    monkeypatch.setattr(trial_module, "tracked", tracked)
    monkeypatch.setattr(trial_module, "decide", lambda *_: True)
    with pytest.raises(InputError, match="no trial was finished"):
        search(reviews, tmp_path / "search", "--trials", "1")
    assert "validation" in seen[-1]
    assert tracking.is_done  # and has not failed
    assert places == [tmp_path / "search-0001"]


def test_another_space_or_recipe_is_not_resumed(reviews, tmp_path, whole):
    search(reviews, tmp_path / "search", "--trials", "1")
    with pytest.raises(InputError, match=r"train\.seed was 0 and is 1 now"):
        search(reviews, tmp_path / "search", "--trials", "2", "--resume", "--seed", "1")
    with pytest.raises(InputError, match="pruner was median and is none now"):
        search(reviews, tmp_path / "search", "--trials", "2", "--resume", "--pruner", "none")
    (tmp_path / "search/mine.txt").write_text("mine")
    with pytest.raises(InputError, match=r"'mine\.txt', which no search wrote"):
        search(reviews, tmp_path / "search", "--trials", "2", "--overwrite")


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


def test_teachers_are_asked_once_for_all_trials(reviews, tmp_path, monkeypatch):
    pytest.importorskip("sklearn")
    teachers = pytest.importorskip("hf_lstm.teaching.teachers")
    asked, ask = [], teachers.label_by_ngrams
    monkeypatch.setattr(teachers, "label_by_ngrams", lambda lesson, said: asked.append(0) or ask(lesson, said))
    facts = search(reviews, tmp_path / "search", "--trials", "2", "--set", *SETTINGS, "train.teachers=ngrams")
    assert [trial["state"] for trial in facts["trials"]] == ["complete"] * 2
    assert len(asked) == 1


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


@pytest.mark.parametrize("pruner", ["median", "hyperband"])
def test_poor_trials_are_pruned(pruner):
    facts = hf_lstm.search(
        make_rows(40),
        "pooled-bilstm",
        space={"learning_rate": [0.05, 1e-6], "seed": "0..1000"},
        trials=9,
        pruner=pruner,
        show_progress=False,
        **{**SMALL, "num_epochs": 3},
    ).facts
    pruned = [trial for trial in facts.trials if trial.state == "pruned"]
    assert pruned
    assert all(len(trial.epochs) < 3 for trial in pruned)
    assert facts.rank()[0].loss == min(trial.loss for trial in facts.trials)


def test_how_much_a_model_to_fine_tune_reads_is_searched_for_and_trained(tmp_path, tiny_model_folder):
    space, same = {"max_length_tokens": [3, 32, 256]}, {"init_from": str(tiny_model_folder), "num_epochs": 1}
    found = hf_lstm.search(make_rows(80), "pooled-bilstm", space=space, trials=2, show_progress=False, **same)
    first, _ = sorted(found.facts.trials, key=lambda trial: trial.number)
    assert first.settings == {"model.max_length_tokens": 32}  # the model's own: what training without a search reads
    assert found.model.config.max_length_tokens == found.settings["max_length_tokens"]
    assert found.model.config.hidden_size == 8
    with pytest.raises(InputError, match=r"model\.hidden_size: the model to start from"):
        hf_lstm.search(make_rows(80), "pooled-bilstm", space={"hidden_size": [4, 8]}, **same)
    trained = hf_lstm.train(make_rows(80), "pooled-bilstm", show_progress=False, baseline=False, **found.settings)
    assert trained.model.config.max_length_tokens == found.settings["max_length_tokens"]


def test_other_rows_of_test_change_nothing(tmp_path):
    found = []
    for test in (make_rows(20, offset=500), make_rows(40, offset=900)):
        found.append(
            hf_lstm.search(
                make_rows(60),
                "pooled-bilstm",
                space={"learning_rate": "0.01..0.1"},
                trials=2,
                validation=make_rows(20, offset=100),
                test=test,
                show_progress=False,
                **SMALL,
            )
        )
    assert [trial.loss for trial in found[0].facts.trials] == [trial.loss for trial in found[1].facts.trials]
    assert found[0].settings == found[1].settings
    trained = hf_lstm.train(
        make_rows(60), "pooled-bilstm", validation=make_rows(20, offset=100), test=make_rows(20, offset=500),
        show_progress=False, baseline=False,
        **found[0].settings,
    )  # fmt: skip
    assert trained.results.weights_sha256 == found[0].facts.rank()[0].weights_sha256


def test_the_recipe_itself_is_the_first_trial_where_the_space_has_it(whole):
    options = {"trials": 1, "show_progress": False, "num_epochs": 1, "embedding_dim": 4, "dropout": 0.2}
    space = {"batch_size": [16, 32], "learning_rate": "1e-3..1e-2"}
    (trial,) = hf_lstm.search(make_rows(40), "pooled-bilstm", space=space, hidden_size=4, **options).facts.trials
    assert trial.settings == {"train.batch_size": 32, "train.learning_rate": 2e-3}
    assert whole["trials"][0]["settings"]["train.learning_rate"] != 2e-3  # that space has no hidden_size of 128


def test_the_plot_shows_each_trial_in_each_panel(whole):
    pytest.importorskip("matplotlib")
    plot = pytest.importorskip("hf_lstm.searching.plot")
    facts = read_record(SearchFacts, {**whole, "trials": []}, "search.json")
    trials = [TrialFacts(**{**each, "epochs": []}) for each in whole["trials"]]
    figure = plot.draw_search(dataclasses.replace(facts, trials=trials))
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_xlabel() for axes in panels] == ["trial", "train.learning_rate", "model.hidden_size"]
    rates = sorted(trial.settings["train.learning_rate"] for trial in trials)
    assert sorted(x for line in panels[1].lines for x in line.get_xdata()) == rates
    low, high = map(float, facts.space[0].partition("=")[2].removesuffix(":log").split(".."))
    first, last = panels[1].get_xlim()
    assert first < low < high < last
