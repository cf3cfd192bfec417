"""Which rows a model is measured on: never those it was trained on, and read as its run was told."""

import shutil
from itertools import combinations

import pandas as pd
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

import hf_lstm
from hf_lstm.config import DataConfig
from hf_lstm.data.digests import add_hashes, hash_texts
from hf_lstm.data.loading import load_splits
from hf_lstm.errors import InputError
from hf_lstm.evaluation.known_rows import find_known_splits
from hf_lstm.evaluation.rows import load_evaluation_rows
from hf_lstm.records.places import IN_MEMORY
from hf_lstm.rows.columns import Columns
from hf_lstm.sources.in_memory import resolve_source
from hf_lstm.training.bases.own_rows import complete_data

QUICK = {"num_epochs": 1, "device": "cpu", "show_progress": False, "baseline": False}
SMALL = {"embedding_dim": 4, "hidden_size": 4, **QUICK}
SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def frame():
    """Rows with a column of labels that nobody asked for, and the one that was asked for."""
    return pd.DataFrame(
        [(f"film number {i} is {'warm' if i % 2 else 'dull'}", i // 2 % 2, i % 2) for i in range(60)],
        columns=["text", "label", "mood"],
    )


@pytest.fixture(scope="module")
def run(frame, tmp_path_factory):
    """A run on the file `rows.csv`, told the column `mood`."""
    path = tmp_path_factory.mktemp("data") / "rows.csv"
    frame.to_csv(path, index=False)
    return hf_lstm.train(str(path), "pooled-bilstm", label_column="mood", output_dir=path.parent / "run", **SMALL)


@pytest.fixture
def splits(run):
    return load_splits(run.model.training_data)


def list_rows(dataset):
    return list(zip(dataset["text"][:], dataset["label"][:], strict=True))


def load(model, data, split="test", columns=Columns()):  # noqa: B008
    return load_evaluation_rows(model, split, source=resolve_source(data, whole_name="data"), columns=columns)


@pytest.mark.parametrize("split", SPLITS)
def test_a_copy_a_frame_and_a_pair_of_the_same_rows_are_cut_as_for_training(run, splits, frame, tmp_path, split):
    shutil.copy(run.model.training_data.dataset, tmp_path / "copy.csv")
    frame.to_parquet(tmp_path / "copy.parquet")
    pair = (list(frame["text"]), list(frame["mood"]))
    for data in (tmp_path / "copy.csv", str(tmp_path / "copy.parquet"), frame, Dataset.from_pandas(frame), pair):
        rows = load(run.model, data, split)
        assert rows.is_own_data
        assert list_rows(rows.dataset) == list_rows(splits[split])
    assert list_rows(load_evaluation_rows(run.model, split).dataset) == list_rows(splits[split])


def test_a_copy_is_named_as_it_was_given_and_the_folder_above_it_is_not(run, frame, tmp_path):
    shutil.copy(run.model.training_data.dataset, tmp_path / "copy.csv")
    assert load(run.model, tmp_path / "copy.csv").source == "copy.csv"
    assert load(run.model, frame).source == IN_MEMORY
    assert load_evaluation_rows(run.model, "test").source == "rows.csv"


def test_the_same_rows_with_labels_of_other_spelling_are_measured():
    texts = [f"film number {i} is {'warm' if i % 2 else 'dull'}" for i in range(60)]
    run = hf_lstm.train((texts, ["neg", "pos"] * 30), "pooled-bilstm", **SMALL)
    for names in (["0", "1"], ["negative", "positive"], ["NEG", "Pos"], ["pos", "neg"]):
        ids = [0, 1] if names != ["pos", "neg"] else [1, 0]
        features = Features({"text": Value("string"), "label": ClassLabel(names=names)})
        rows = load(run.model, Dataset.from_dict({"text": texts, "label": ids * 30}, features=features))
        assert rows.is_own_data
        assert rows.dataset.features["label"].names == ["neg", "pos"]
        assert all(("warm" in text) == label for text, label in list_rows(rows.dataset))


def test_the_sample_has_columns_of_its_own_whatever_those_of_the_run(run):
    with pytest.raises(InputError, match="label") as refused:  # these are neg and pos, and the run has others
        load(run.model, "sample")
    assert "no column" not in str(refused.value)
    earlier = DataConfig(dataset="rows.csv", text_column="body", label_column="mood")
    assert complete_data(DataConfig(dataset="sample"), earlier, "run") == DataConfig(dataset="sample")
    assert complete_data(DataConfig(dataset="more.csv"), earlier, "run").label_column == "mood"


def test_other_rows_are_read_from_the_columns_of_the_run(run, frame, caplog):
    others = frame.assign(text=frame["text"] + "!")
    with caplog.at_level("INFO", "hf_lstm"):
        rows = load(run.model, others)
    assert rows.dataset["label"][:] == list(frame["mood"])
    assert "the label is read from column 'mood', as for the model's training" in caplog.text
    with pytest.raises(InputError, match=r"there is no column 'mood'; .* the model was trained with 'mood'"):
        load(run.model, others.drop(columns="mood"))
    with pytest.raises(InputError, match=r"there is no column 'mood'; .* cut as they were then; so both are needed"):
        load(run.model, frame.drop(columns="mood"), columns=Columns(label="label"))


def test_a_named_column_takes_the_place_of_the_runs_but_moves_no_row(run, splits, frame, caplog):
    rows = load_evaluation_rows(run.model, "test", columns=Columns(label="label")).dataset
    assert rows["text"][:] == splits["test"]["text"][:]
    label_of = dict(zip(frame["text"], frame["label"], strict=True))
    assert rows["label"][:] == [label_of[text] for text in rows["text"][:]] != splits["test"]["label"][:]
    assert "from column 'label', not from 'mood'" in caplog.text


def test_rows_that_have_changed_are_refused(run, frame, tmp_path):
    with pytest.raises(InputError, match="data in memory: the rows, or their order, have changed"):
        load(run.model, frame[::-1])
    folder = tmp_path / "run"
    shutil.copytree(run.folder, folder)
    data = tmp_path / "rows.csv"
    frame[:-1].to_csv(data, index=False)
    places = (folder / "local.json").read_text()
    (folder / "local.json").write_text(places.replace(run.model.training_data.dataset, str(data)))
    with pytest.raises(InputError, match=r"rows.csv: the rows, or their order, have changed"):
        load_evaluation_rows(hf_lstm.LSTMSentiment.from_pretrained(folder), "test")


def test_train_is_not_measured_as_test(run, splits, frame):
    train = splits["train"].to_pandas().rename(columns={"label": "mood"})
    with pytest.raises(InputError, match="these are the rows of train that the model was trained on"):
        load(run.model, train)
    with pytest.raises(InputError, match="these are the rows of train that the model was trained on"):
        load(run.model, DatasetDict(test=Dataset.from_pandas(train)))
    assert len(load(run.model, train, "train").dataset) == len(train)
    test = splits["test"].to_pandas().rename(columns={"label": "mood"})
    assert not load(run.model, test).is_own_data


def test_single_rows_of_train_are_counted(run, splits, frame, caplog):
    some = pd.concat([frame, frame[:1].assign(text="a new one")])
    rows = load(run.model, some)
    assert len(rows.dataset) == 61
    num_seen = len(splits["train"]) + len(splits["validation"])
    assert f"{num_seen} of 61 rows are in train or validation of the model's training" in caplog.text
    assert sum(len(texts) for texts in rows.earlier_texts.values()) == num_seen


def test_rows_pooled_from_splits_are_cut_anew_in_a_copy(frame, tmp_path):
    parts = {"train": frame[:40], "test": frame[40:]}
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        for split, rows in parts.items():
            rows.to_csv(tmp_path / name / f"{split}.csv", index=False)
    run = hf_lstm.train(str(tmp_path / "one"), "pooled-bilstm", split="pooled", output_dir=tmp_path / "run", **SMALL)
    rows = load(run.model, str(tmp_path / "two"))
    assert rows.is_own_data
    assert rows.dataset["text"][:] == load_splits(run.model.training_data)["test"]["text"][:]


def test_sums_of_hashes_name_the_splits():
    known = {name: hash_texts([name, f"another of {name}"]) for name in SPLITS}
    for number in range(4):
        for names in combinations(SPLITS, number):
            texts = [text for name in reversed(names) for text in (f"another of {name}", name)]
            assert find_known_splits(texts, known) == set(names)
            assert add_hashes(known[name] for name in names) == hash_texts(texts)
    assert find_known_splits(["train"], known) == find_known_splits(["train"], {}) == frozenset()


@pytest.mark.parametrize("data", ["file", "frame"])
def test_fine_tuning_reads_and_cuts_the_rows_as_its_base_did(run, splits, frame, tmp_path, data):
    source = run.model.training_data.dataset if data == "file" else frame
    with pytest.raises(InputError, match=r"model\.embedding_dim: the model to start from, .* determines this"):
        hf_lstm.train(source, "pooled-bilstm", init_from=str(run.folder), embedding_dim=5)
    again = hf_lstm.train(source, "pooled-bilstm", init_from=str(run.folder), output_dir=tmp_path / "a", **QUICK)
    assert again.model.training_data.label_column == "mood"
    assert again.results.dataset.texts_sha256 == run.results.dataset.texts_sha256
    with pytest.raises(InputError, match="was trained on the same rows, cut otherwise"):
        hf_lstm.train(
            source, "pooled-bilstm", init_from=str(run.folder), split_seed=1, output_dir=tmp_path / "b", **QUICK
        )


@pytest.mark.parametrize("use", ["teachers", "embeddings"])
def test_no_model_that_was_trained_on_rows_of_test_lends_what_it_learned(run, frame, tmp_path, use, caplog):
    lent = {use: str(run.folder), "label_column": "mood", "min_count": 1, **SMALL}
    hf_lstm.train(frame, "pooled-bilstm", output_dir=tmp_path / "a", **lent)
    with pytest.raises(InputError, match="run was trained on the same rows, cut otherwise, so that test has rows of"):
        hf_lstm.train(frame, "pooled-bilstm", split_seed=1, output_dir=tmp_path / "b", **lent)
    seen = frame[frame["text"].isin(load_splits(run.model.training_data)["train"]["text"][:])]
    caplog.clear()
    hf_lstm.train(frame[:20], "pooled-bilstm", test=seen, output_dir=tmp_path / "c", **lent)
    assert f"{len(seen)} of {len(seen)} rows are in train or validation of the training of" in caplog.text
