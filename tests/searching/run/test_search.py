"""Searches: what they find, what they never read, and what they refuse."""

import contextlib
import dataclasses
import json
import shlex
from types import SimpleNamespace

import numpy as np
import pytest
from small_searches import SETTINGS, make_rows, search

import hf_lstm
from hf_lstm.cli import main as cli
from hf_lstm.config.recipes.catalog import get_recipe
from hf_lstm.errors import InputError
from hf_lstm.records.reading import read_record
from hf_lstm.records.search import SearchFacts, TrialFacts

from_python = pytest.importorskip("hf_lstm.searching.from_python")
trial_module = pytest.importorskip("hf_lstm.searching.trial")
SMALL = {"num_epochs": 2, "batch_size": 16, "embedding_dim": 4, "hidden_size": 4, "max_length_tokens": 8}


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


def test_teachers_are_asked_once_for_all_trials(reviews, tmp_path, monkeypatch):
    pytest.importorskip("sklearn")
    teachers = pytest.importorskip("hf_lstm.teaching.teachers")
    asked, ask = [], teachers.label_by_ngrams
    monkeypatch.setattr(teachers, "label_by_ngrams", lambda lesson, said: asked.append(0) or ask(lesson, said))
    facts = search(reviews, tmp_path / "search", "--trials", "2", "--set", *SETTINGS, "train.teachers=ngrams")
    assert [trial["state"] for trial in facts["trials"]] == ["complete"] * 2
    assert len(asked) == 1


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
