"""`hf_lstm.train` and `hf_lstm.evaluate`, as programs and notebooks call them."""

import dataclasses
import json
import logging
import os
import shutil
import tempfile

import datasets
import pandas as pd
import pytest
import torch

import hf_lstm
from hf_lstm.config.overrides import change_settings
from hf_lstm.config.recipes.catalog import DEFAULT_RECIPE
from hf_lstm.config.recipes.ours import POOLED_BILSTM
from hf_lstm.errors import DivergenceError
from hf_lstm.records.places import strip_command
from hf_lstm.runtime.devices import flushes_denormals
from hf_lstm.training.python_call import format_call

ROWS = datasets.Dataset.from_dict({"body": ["a lovely film", "a dull film"], "mood": ["glad", "sad"]})
SMALL = {"embedding_dim": 8, "hidden_size": 8, "num_epochs": 6, "learning_rate": 0.05, "device": "cpu"}


@pytest.fixture(scope="module")
def frame():
    moods = {"glad": "lovely great fine", "sad": "dull awful weak"}
    words = [(word, mood) for mood, of_mood in moods.items() for word in of_mood.split()]
    texts = [(f"a {word} film number {i}", mood) for word, mood in words for i in range(20)]
    return pd.DataFrame(texts, columns=["body", "mood"])


@pytest.fixture(scope="module")
def result(frame, tmp_path_factory):
    torch.set_flush_denormal(False)
    datasets.enable_progress_bars()
    folder = tmp_path_factory.mktemp("from-python") / "run"
    columns = {"text_column": "body", "label_column": "mood"}
    return hf_lstm.train(frame, output_dir=folder, show_progress=False, seed=3, **columns, **SMALL)


def test_a_data_frame_is_learned_and_measured(result):
    assert result.model.predict("a lovely film")["label"] == "glad"
    assert not result.model.training
    assert result.results.splits["test"].accuracy > 0.9
    assert result.results.seed == 3
    assert result.model.config.hidden_size == 8


def test_a_program_goes_on_as_before(result):
    assert not flushes_denormals()
    assert not datasets.are_progress_bars_disabled()


def test_the_folder_is_that_of_a_run(result):
    assert {"config.json", "model.safetensors", "results.json", "README.md", "report"} <= set(os.listdir(result.folder))
    loaded = hf_lstm.LSTMSentiment.from_pretrained(result.folder)
    assert loaded.results == result.results
    texts = ["a dull film", "fine"]
    assert loaded.predict_proba(texts).equal(result.model.predict_proba(texts))
    data = json.loads((result.folder / "recipe.json").read_text())["data"]
    assert (data["dataset"], data["text_column"], data["label_column"]) == ("data in memory", "body", "mood")


def test_results_and_card_show_the_call_with_recipe_and_settings(result):
    settings = "seed=3, text_column='body', label_column='mood', embedding_dim=8, hidden_size=8, num_epochs=6"
    call = f"hf_lstm.train(..., '{DEFAULT_RECIPE}', {settings}, learning_rate=0.05)"
    assert result.results.command == call
    assert f"```python\n{call}\n```" in (result.folder / "README.md").read_text()


def test_a_call_has_no_folder_of_this_machine():
    recipe = change_settings(POOLED_BILSTM, {"teachers": "ngrams,/secret/teacher", "embeddings": "/secret/glove.txt"})
    recipe = dataclasses.replace(recipe, data=dataclasses.replace(recipe.data, dataset="/secret/my rows.csv"))
    call = format_call(recipe, ["teachers", "embeddings"])
    assert call == "hf_lstm.train('my rows.csv', 'pooled-bilstm', teachers='ngrams,teacher', embeddings='glove.txt')"
    assert strip_command(call) == call


def test_figures_are_those_of_the_rows(result, frame):
    others = frame.assign(body=frame["body"] + " again")
    measured = hf_lstm.evaluate(result.model, others, text_column="body", label_column="mood")
    answers = result.model.predict(list(others["body"]))
    right = [answer["label"] == mood for answer, mood in zip(answers, others["mood"], strict=True)]
    assert measured.metrics.accuracy == pytest.approx(sum(right) / len(right))
    assert measured.metrics.num_rows == len(others)
    from_folder = hf_lstm.evaluate(result.folder, (list(others["body"]), list(others["mood"])))
    assert from_folder.metrics == measured.metrics
    assert from_folder.model == result.folder.name


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "tst"}, "there is no split 'tst'; expected train, validation, test"),
        ({"split": None}, "there is no split None"),
        ({"device": "cpu"}, "device is 'cpu', but the model is in memory: move it there"),
        ({"model": None}, "the model is NoneType, expected an LSTMSentiment, its folder, or its Hub id"),
        (
            {"data": datasets.DatasetDict({"train": ROWS})},
            "data in memory: there is no split 'test' with labels; there is train",
        ),
        ({"data": ([], [])}, "^data: there are no rows"),
        ({"data": (["fine"], [None])}, "^data, column 'label': no row has a label"),
    ],
)
def test_wrong_use_of_evaluate_is_one_line(result, options, message):
    arguments = {"model": result.model, "data": ROWS, **options}
    with pytest.raises(hf_lstm.InputError, match=message) as caught:
        hf_lstm.evaluate(**arguments)
    assert "\n" not in str(caught.value)


def test_answers_that_are_not_finite_are_divergence(frame, tmp_path):
    settings = {"text_column": "body", "label_column": "mood", "show_progress": False, **SMALL}
    settings |= {"batch_size": 1000, "learning_rate": 1e38}
    with pytest.raises(DivergenceError, match=r"epoch 1: .* not finite: training diverged; try a lower"):
        hf_lstm.train(frame, "pooled-bilstm", output_dir=tmp_path / "run", **settings)
    assert list(tmp_path.iterdir()) == []


def test_data_that_no_name_leads_back_to_must_be_passed(result):
    with pytest.raises(hf_lstm.InputError, match="was trained on data in memory"):
        hf_lstm.evaluate(result.model)


def test_another_run_is_not_overwritten_unasked(result, frame):
    settings = {"text_column": "body", "label_column": "mood", "show_progress": False, **SMALL}
    before = (result.folder / "results.json").read_bytes()
    with pytest.raises(hf_lstm.InputError, match="holds another run"):
        hf_lstm.train(frame, output_dir=result.folder, **settings)
    assert (result.folder / "results.json").read_bytes() == before


@pytest.mark.usefixtures("without_report")
def test_a_recipe_and_a_named_source_do_too(tmp_path, monkeypatch):
    rows = "\n".join(f"film {i} {'good' if i % 2 else 'bad'},{'pos' if i % 2 else 'neg'}" for i in range(60))
    (tmp_path / "reviews.csv").write_text(f"text,label\n{rows}\n")
    monkeypatch.chdir(tmp_path)
    settings = {**SMALL, "num_epochs": 1, "show_progress": False, "baseline": False}
    by_name = hf_lstm.train("reviews.csv", "packed-lstm", output_dir="a", **settings)
    assert (by_name.results.recipe, by_name.results.dataset.source) == ("packed-lstm", "reviews.csv")
    assert hf_lstm.evaluate("a").metrics == by_name.results.splits["test"]
    registered = []
    monkeypatch.setattr("atexit.register", lambda *call, **options: registered.append((call, options)))
    by_value = hf_lstm.train("reviews.csv", POOLED_BILSTM, **settings)
    assert by_value.results.recipe == "pooled-bilstm"
    # Without an output folder, nothing is left behind: the process deletes what it has made when it ends.
    assert sorted(os.listdir()) == ["a", "reviews.csv"]
    ((remove, temporary), _), *_ = [call for call in registered if call[0][0] is shutil.rmtree]
    assert temporary == by_value.folder.parent
    remove(temporary)
    assert not by_value.folder.exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lerning_rate": 1.0}, "there is no setting 'lerning_rate'; did you mean learning_rate"),
        ({"learning_rate": "fast"}, "train.learning_rate is 'fast', but must be of type float"),
        ({"recipe": "poled-bilstm"}, "there is no recipe 'poled-bilstm'; did you mean pooled-bilstm"),
        ({"recipe": None}, "the recipe is NoneType, expected a Recipe or the name of one"),
        ({"dataset": "sample"}, "dataset is no setting here: pass the data as the first argument"),
        ({"device": "warp"}, "there is no device 'warp'"),
        ({"device": None}, "there is no device None"),
    ],
)
def test_wrong_use_is_one_line(settings, message):
    with pytest.raises(hf_lstm.InputError, match=message) as caught:
        hf_lstm.train((["a", "b"], [0, 1]), **settings)
    assert "\n" not in str(caught.value)


def test_a_run_that_fails_leaves_no_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(hf_lstm.InputError, match="there is no column 'body'"):
        hf_lstm.train((["a", "b"], [0, 1]), text_column="body", show_progress=False)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_run_says_how_to_go_on_if_its_folder_stays(frame, tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "hf_lstm")

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("hf_lstm.training.loop.epochs._evaluate", interrupt)
    for output_dir, expected in ((tmp_path / "run", ["stopped; go on with resume=True"]), (None, [])):
        caplog.clear()
        with pytest.raises(KeyboardInterrupt):
            hf_lstm.train(frame, output_dir=output_dir, show_progress=False, label_column="mood", **SMALL)
        assert [line for line in caplog.messages if "stopped" in line] == expected


def test_a_tracker_shows_a_run_without_a_folder_where_that_of_the_command_would_be(frame, tmp_path, monkeypatch):
    pytest.importorskip("tensorboard")
    monkeypatch.chdir(tmp_path)
    hf_lstm.train(frame, track="tensorboard", show_progress=False, label_column="mood", **SMALL)
    (run,) = (tmp_path / "runs" / "tensorboard").iterdir()
    assert run.name.startswith(f"data-in-memory-{DEFAULT_RECIPE}-20")


def test_a_tracker_that_is_missing_is_told_before_rows_are_read(monkeypatch):
    monkeypatch.setattr("hf_lstm.extras.is_installed", lambda library: False)
    for call in (hf_lstm.train, hf_lstm.search):
        with pytest.raises(hf_lstm.InputError, match="this needs wandb, which is not installed"):
            call("no/such-rows.csv", track="wandb")


def test_evaluation_shows_no_progress_if_told(result, frame, capsys):
    others = frame.assign(body=frame["body"] + " once more")
    hf_lstm.evaluate(result.folder, others, device="cpu", show_progress=False)
    assert capsys.readouterr().err == ""
    assert not datasets.are_progress_bars_disabled()
    with pytest.raises(hf_lstm.InputError, match="there is no device 'warp'"):
        hf_lstm.evaluate(result.folder, others, device="warp")


def test_each_epoch_is_printed_unless_the_program_logs_by_itself(result, frame, monkeypatch, capsys):
    def say_and_return(recipe, options):
        logging.getLogger("hf_lstm.training.loop.epochs").info("epoch 6/6  train loss")
        return result.results

    monkeypatch.setattr("hf_lstm.training.from_python.run_experiment", say_and_return)
    columns = {"text_column": "body", "label_column": "mood"}
    logger = logging.getLogger("hf_lstm")
    handlers, root_handlers = logger.handlers[:], logging.getLogger().handlers[:]
    logging.getLogger().handlers = []
    try:
        hf_lstm.train(frame, output_dir=result.folder, **columns)
    finally:
        logging.getLogger().handlers = root_handlers
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "epoch 6/6  train loss"
    assert printed[1:] == [baseline.describe("test") for baseline in result.results.baselines]
    assert logger.handlers == handlers
    hf_lstm.train(frame, output_dir=result.folder, **columns)  # the tests' own handlers are there
    assert capsys.readouterr().out == ""
