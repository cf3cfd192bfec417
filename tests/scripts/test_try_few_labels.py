import json
from pathlib import Path

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from try_few_labels import keep_labels, main

from hf_lstm.cli.pretrain import main as pretrain
from hf_lstm.errors import InputError

FEATURES = Features({"text": Value("string"), "label": ClassLabel(names=["neg", "pos"])})


def make_splits(**sizes):
    return DatasetDict(
        {
            name: Dataset.from_dict(
                {"text": [f"{name} {row}" for row in range(size)], "label": [row % 2 for row in range(size)]}, FEATURES
            )
            for name, size in sizes.items()
        }
    )


def test_few_labels_are_kept_and_no_text_is_lost():
    splits = make_splits(train=60, validation=20, test=5)
    kept, others = keep_labels(splits, 20, seed=0)
    assert {name: len(split) for name, split in kept.items()} == {"train": 16, "validation": 4, "test": 5}
    assert np.bincount(kept["train"]["label"][:]).tolist() == [8, 8]
    labeled = [*kept["train"]["text"][:], *kept["validation"]["text"][:]]
    assert sorted([*labeled, *others]) == sorted([*splits["train"]["text"][:], *splits["validation"]["text"][:]])
    again, other = (keep_labels(splits, 20, seed=seed)[0]["train"]["text"][:] for seed in (0, 1))
    assert again == kept["train"]["text"][:] != other
    with pytest.raises(InputError, match="rows of label 0 are wanted"):
        keep_labels(splits, 200, seed=0)


def test_each_seed_is_trained_and_measured_and_so_is_what_it_teaches(tmp_path, capsys):
    pytest.importorskip("sklearn")
    data = tmp_path / "reviews.csv"
    lines = [f"{word} film {row},{label}" for row in range(60) for word, label in (("great", "pos"), ("bad", "neg"))]
    data.write_text("text,label\n" + "\n".join(lines) + "\n")
    small = "model.embedding_dim=4 model.hidden_size=4 train.num_epochs=1".split()
    rows = ["--dataset", str(data), "--num-labels", "30", "--seeds", "0", "1", "--device", "cpu"]
    files = ["--output-dir", str(tmp_path / "few"), "--output", str(tmp_path / "few.json")]
    student = ["--student", "distilled-bilstm", "--student-set", *small, "train.init_from=none"]
    main([*rows, *files, "--set", *small, "train.num_epochs=1"])
    # It goes on with what is there.
    main([*rows, *files, "--models", "2", *student, "--students", "2", "--set", *small])
    found = json.loads((tmp_path / "few.json").read_text())
    assert set(found["seeds"]) == {"0", "1"}
    assert set(found["seeds"]["1"]) == {"model", "model-2", "student", "student-2"}
    teachers = {
        name: json.loads((tmp_path / "few" / f"{name}-seed1" / "recipe.json").read_text())["train"]["teachers"]
        for name in found["seeds"]["1"]
    }
    assert teachers["model"] is teachers["model-2"] is None
    assert [Path(name).name for name in teachers["student"].split(",")] == ["model-seed1", "model-2-seed1", "ngrams"]
    assert [Path(name).name for name in teachers["student-2"].split(",")] == ["student-seed1", "ngrams"]
    assert "texts without labels" in capsys.readouterr().out
    results = json.loads((tmp_path / "few" / "student-seed1" / "results.json").read_text())
    assert results["dataset"]["num_rows"]["train"] == 24
    assert results["splits"]["test"]["accuracy"] == found["seeds"]["1"]["student"]["test_accuracy"]


def test_rows_may_have_other_columns_as_the_language_model_had(tmp_path):
    data, lm = tmp_path / "reviews.csv", tmp_path / "lm"
    lines = [f"{word} film {row},{label}" for row in range(60) for word, label in (("great", "pos"), ("bad", "neg"))]
    data.write_text("body,mood\n" + "\n".join(lines) + "\n")
    columns = ["data.text_column=body", "data.label_column=mood"]
    small = "model.embedding_dim=4 model.hidden_size=4 pretrain.num_epochs=1 pretrain.num_candidates=4".split()
    pretrain(["--dataset", str(data), "--output-dir", str(lm), "--no-progress", "--set", *columns, *small])
    given = ["--dataset", str(data), "--num-labels", "30", "--seeds", "0", "--device", "cpu", "--init-from", str(lm)]
    main([*given, "--output-dir", str(tmp_path / "few"), "--set", *columns, "train.num_epochs=1"])
    results = json.loads((tmp_path / "few" / "model-seed0" / "results.json").read_text())
    assert results["dataset"]["num_rows"]["train"] == 24


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--models", "0"], "--models and --students must be more than 0"),
        (["--student", "flagship", "--students", "0"], "--models and --students must be more than 0"),
        (["--students", "2"], "--students and --student-set need --student"),
        (["--student-set", "train.num_epochs=2"], "--students and --student-set need --student"),
    ],
)
def test_numbers_that_mean_nothing_are_wrong_use(given, message, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["--dataset", "sample", *given])
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--recipe", "lm-classifier"], "--recipe lm-classifier: it learns nothing from texts without labels"),
        (["--recipe", "lm-classifier", "--unlabeled", "unsupervised"], "lm-virtual"),
        (["--unlabeled", "none.csv"], "train.unlabeled: none.csv: there is no such file"),
        (["--student", "flagship", "--student-set", "train.teacher_votes=1,2,3"], "train.teacher_votes"),
        (["--dataset", "none.csv"], "none.csv: there is no such file"),
    ],
)
def test_what_is_wrong_is_said_before_rows_are_loaded(monkeypatch, given, message):
    monkeypatch.setattr("hf_lstm.data.loading.load_splits", None)
    with pytest.raises(InputError, match=message):
        main(["--dataset", "sample", *given])
