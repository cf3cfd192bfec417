"""A run that was stopped goes on as if it had not been, and another one is told from it."""

import dataclasses
import functools
import json
import os

import pytest
import torch
from mood_runs import options

from hf_lstm import InputError, LSTMSentiment
from hf_lstm.config.overrides import override_recipe
from hf_lstm.storage.checkpoints import Checkpoints
from hf_lstm.teaching.kept_answers import KeptAnswers
from hf_lstm.tokenization.build import train_tokenizer
from hf_lstm.training import completion
from hf_lstm.training.run import run_experiment


class Death(BaseException):
    """Ends a run as a signal that nobody catches does: nothing is saved on the way out."""


def die_after(monkeypatch, num_saves):
    save, saved = Checkpoints.save, []

    def save_and_die(self, state):
        save(self, state)
        saved.append(state)
        if len(saved) == num_saves:
            raise Death

    monkeypatch.setattr(Checkpoints, "save", save_and_die)


def read_metrics(folder):
    """The log, without the seconds."""
    records = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in record.items() if name != "elapsed_s"} for record in records]


RESUMABLE = [
    "train.num_epochs=3", "train.patience=2", "train.ema_decay=0.9", "train.schedule=cosine", "train.warmup_steps=3",
    "model.dropout=0.3", "train.class_weights=1,2,3", "train.virtual_adversarial_epsilon=1", "train.frozen_steps=3",
    "train.unlabeled_batches_per_step=1", "train.layer_decay=0.5",
]  # fmt: skip


@pytest.mark.usefixtures("without_report")
def test_a_resumed_run_is_the_uninterrupted_one_to_the_bit(tmp_path, recipe, monkeypatch):
    texts = tmp_path / "texts.csv"
    texts.write_text("text\n" + "\n".join(f"a film both lovely and dull {number}" for number in range(50)))
    recipe = override_recipe(recipe, [*RESUMABLE, f"train.unlabeled={texts}"])
    whole = run_experiment(recipe, options(tmp_path, output_dir=tmp_path / "whole"))
    for attempt, num_saves in enumerate((2, 1, 3)):  # within epochs, and at the end of one
        with monkeypatch.context() as patch, pytest.raises(Death):  # noqa: PT012
            die_after(patch, num_saves)
            run_experiment(recipe, options(tmp_path, resume=attempt > 0, checkpoint_steps=5))
        assert os.listdir(tmp_path / "run") == [".unfinished"]
        with pytest.raises(InputError, match="unfinished"):
            LSTMSentiment.from_pretrained(tmp_path / "run")
        torch.manual_seed(attempt)  # what the process did before is of no concern
    resumed = run_experiment(recipe, options(tmp_path, resume=True))
    assert resumed.weights_sha256 == whole.weights_sha256
    assert [dataclasses.replace(epoch, elapsed_s=0.0) for epoch in resumed.epochs] == [
        dataclasses.replace(epoch, elapsed_s=0.0) for epoch in whole.epochs
    ]
    assert read_metrics(tmp_path / "run") == read_metrics(tmp_path / "whole")
    assert sorted(os.listdir(tmp_path / "run")) == sorted(os.listdir(tmp_path / "whole"))
    assert run_experiment(recipe, options(tmp_path, resume=True)) == resumed
    texts.write_text(texts.read_text() + "\none more film")
    with pytest.raises(InputError, match=r"is finished, and was another one: num_unlabeled was \d+ and is \d+ now; un"):
        run_experiment(recipe, options(tmp_path, resume=True))


@pytest.mark.usefixtures("without_report")
def test_what_differs_from_the_run_to_resume_is_named(tmp_path, recipe, reviews, monkeypatch, caplog):
    recipe = override_recipe(recipe, ["train.num_epochs=1"])
    with monkeypatch.context() as patch, pytest.raises(Death):  # noqa: PT012
        die_after(patch, 1)
        run_experiment(recipe, options(tmp_path, checkpoint_steps=5))
    with pytest.raises(InputError, match=r"unfinished run; pass --resume .* --overwrite"):
        run_experiment(recipe, options(tmp_path))
    changed = override_recipe(recipe, ["train.learning_rate=0.01", "train.seed=1"])
    with pytest.raises(InputError, match=r"train.learning_rate was 0.02 and is 0.01 now; train.seed was 0 and is 1"):
        run_experiment(changed, options(tmp_path, resume=True))
    text = reviews.read_text()
    reviews.write_text(text.replace("number 6, lovely", "number 6, great"))
    with pytest.raises(InputError, match=r"resumed: texts_and_labels_sha256 was \w+\.* and is .*; vocabulary_"):
        run_experiment(recipe, options(tmp_path, resume=True))
    reviews.write_text(text)
    with monkeypatch.context() as patch:
        patch.setattr(
            completion, "train_tokenizer", lambda texts, config: train_tokenizer([*texts, "unheard " * 9], config)
        )
        with pytest.raises(InputError, match=r"resumed: vocabulary_sha256 was \w+\.\.\. and is \w+\.\.\. now; rows_"):
            run_experiment(recipe, options(tmp_path, resume=True))
    monkeypatch.setattr("hf_lstm.provenance.find_commit", lambda: "other")
    num_threads = torch.get_num_threads() + 1
    torch.set_num_threads(num_threads)
    assert run_experiment(recipe, options(tmp_path, resume=True)).num_threads == num_threads
    (line,) = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert "num_threads was " in line
    assert f" and is {num_threads} now; commit was " in line


def test_a_finished_run_is_not_run_again(finished_run, tmp_path, recipe, monkeypatch):
    folder, results = finished_run
    monkeypatch.setattr("hf_lstm.training.run.train", lambda *_, **__: pytest.fail("trained"))
    assert run_experiment(recipe, options(tmp_path, output_dir=folder, resume=True)) == results
    other = override_recipe(recipe, ["train.seed=7"])
    with pytest.raises(
        InputError, match=r"is finished, and was another one: train\.seed was \d+ and is 7 now; pass --"
    ):
        run_experiment(other, options(tmp_path, output_dir=folder, resume=True))
    rows = (tmp_path / "reviews.csv").read_text()
    for changed, said in [
        (rows.replace("dull", "drab", 1), r"rows_sha256 was \w+\.\.\. and is \w+\.\.\. now; texts_sha256\.\w+ was "),
        (
            rows.replace(",glad", ",merry"),
            r"labels was \['glad', 'sad', 'so-so'\] and is \['merry', 'sad', 'so-so'\] now",
        ),
        (rows + "\none more,sad", r"num_rows\.\w+ was \d+ and is \d+ now; "),
    ]:
        (tmp_path / "reviews.csv").write_text(changed)
        with pytest.raises(InputError, match=f"is finished, and was another one: {said}"):
            run_experiment(recipe, options(tmp_path, output_dir=folder, resume=True))


@pytest.mark.usefixtures("without_report")
def test_a_run_that_is_stopped_among_its_teachers_keeps_what_they_said(tmp_path, recipe, finished_run, monkeypatch):
    """Long labeling is lost no more than long training is, and the same is learned from it."""
    recipe = override_recipe(recipe, [f"train.teachers={finished_run[0]}", "train.num_epochs=1"])
    monkeypatch.setattr("hf_lstm.runtime.memory.WINDOW_TEXTS", 32)  # of some 90 rows
    monkeypatch.setattr("hf_lstm.training.run.KeptAnswers", functools.partial(KeptAnswers, after_s=0))
    whole = run_experiment(recipe, options(tmp_path))
    windows, label = [], LSTMSentiment.predict_proba

    def label_or_end(self, texts, **settings):
        windows.append(len(texts))
        if len(windows) == 2:
            raise KeyboardInterrupt
        return label(self, texts, **settings)

    other = dataclasses.replace(options(tmp_path), output_dir=tmp_path / "stopped")
    with monkeypatch.context() as patch:
        patch.setattr(LSTMSentiment, "predict_proba", label_or_end)
        with pytest.raises(KeyboardInterrupt):
            run_experiment(recipe, other)
        with pytest.raises(InputError, match="holds an unfinished run; pass --resume"):
            run_experiment(recipe, other)
        resumed = run_experiment(recipe, dataclasses.replace(other, resume=True))
    assert windows[0] == windows[1] == 32
    assert sum(windows) == 32 + whole.dataset.num_rows["train"]  # one window was asked for twice, the others once
    assert resumed.weights_sha256 == whole.weights_sha256
    assert not (tmp_path / "stopped" / ".unfinished").exists()


@pytest.mark.usefixtures("without_report")
def test_a_finished_run_that_found_no_texts_without_labels_tells_that_there_are_some_now(tmp_path, recipe, reviews):
    (tmp_path / "data").mkdir()
    reviews.rename(tmp_path / "data" / "train.csv")
    card = "---\nconfigs:\n- config_name: default\n  data_files:\n  - {split: train, path: train.csv}\n"
    (tmp_path / "data" / "README.md").write_text(f"{card}---\n")
    changes = [f"data.dataset={tmp_path / 'data'}", "train.teachers=ngrams", "train.unlabeled=auto"]
    recipe = override_recipe(recipe, [*changes, "train.num_epochs=1"])
    results = run_experiment(recipe, options(tmp_path))
    assert (results.dataset.num_unlabeled, results.dataset.unlabeled_sha256) == (0, None)
    assert run_experiment(recipe, options(tmp_path, resume=True)) == results
    (tmp_path / "data" / "unlabeled.csv").write_text("review\na film of no label\none more\n")
    (tmp_path / "data" / "README.md").write_text(f"{card}  - {{split: unlabeled, path: unlabeled.csv}}\n---\n")
    with pytest.raises(InputError, match=r"another one: num_unlabeled was 0 and is 2 now; pass --overwrite"):
        run_experiment(recipe, options(tmp_path, resume=True))
