"""Which texts a language model reads: none of validation and test."""

import json
from pathlib import Path

import pytest

from hf_lstm.config import DataConfig
from hf_lstm.errors import InputError
from hf_lstm.pretraining.texts import gather_texts


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A folder with all three splits, some texts of which are alike."""
    splits = {
        "train": ["a", "b", "b", "in test", " "],
        "validation": ["v", "w", "in train and validation"],
        "test": ["in test", "t"],
    }
    folder = tmp_path / "data"
    folder.mkdir()
    for name, texts in splits.items():
        rows = [{"text": text, "label": ["no", "yes"][row % 2]} for row, text in enumerate(texts)]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_no_text_of_validation_or_test_is_read(dataset: Path, tmp_path: Path) -> None:
    unlabeled = tmp_path / "more.txt"
    unlabeled.write_text("c\nb\nt\nv\n\nin train and validation\nc\n")
    texts = gather_texts(DataConfig(dataset=str(dataset)), str(unlabeled), seed=0)
    assert texts.train == ["a", "b", "c"]
    assert texts.validation == ["v", "w", "in train and validation"]
    assert texts.num_left_out == {"repeated": 2, "held_out": 4}


def test_a_split_without_labels_is_found(dataset: Path) -> None:
    (dataset / "unsupervised.jsonl").write_text('{"text": "u"}\n{"text": "t"}\n')
    paths = list(dataset.iterdir())
    (dataset / "data").mkdir()
    for path in paths:  # as the Hub names splits
        path.rename(dataset / "data" / f"{path.stem}-00000-of-00001.jsonl")
    assert gather_texts(DataConfig(dataset=str(dataset)), "auto", seed=0).train == ["a", "b", "u"]
    assert gather_texts(DataConfig(dataset=str(dataset)), None, seed=0).train == ["a", "b"]


def test_without_a_data_set_some_texts_of_the_file_measure(tmp_path: Path) -> None:
    unlabeled = tmp_path / "more.txt"
    unlabeled.write_text("".join(f"text {number % 250}\n" for number in range(500)))
    texts = gather_texts(DataConfig(), str(unlabeled), seed=0, has_dataset=False)
    assert len(texts.validation) == 2
    assert sorted(texts.train + texts.validation) == sorted({f"text {number}" for number in range(250)})
    for seed in (0, 1):
        again = gather_texts(DataConfig(), str(unlabeled), seed=seed, has_dataset=False)
        assert (again == texts) == (seed == 0)


def test_column_and_encoding_are_those_of_the_file_alone(tmp_path: Path) -> None:
    unlabeled = tmp_path / "two.csv"
    unlabeled.write_text("text,notes\nno,müde\nno,wach\n", encoding="cp1252")
    texts = gather_texts(DataConfig(text_column="notes", encoding="cp1252"), str(unlabeled), seed=0, has_dataset=False)
    assert sorted(texts.train + texts.validation) == ["müde", "wach"]


def test_without_any_text_it_says_so(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="give a data set, a file"):
        gather_texts(DataConfig(), None, seed=0, has_dataset=False)
    (tmp_path / "one.txt").write_text("only one\n\nonly one\n")
    with pytest.raises(InputError, match="has 1 texts that are not blank and differ; expected at least 2"):
        gather_texts(DataConfig(), str(tmp_path / "one.txt"), seed=0, has_dataset=False)
    (dataset / "train.jsonl").write_text((dataset / "test.jsonl").read_text())
    with pytest.raises(InputError, match="all 2 are empty, or stand in validation or test"):
        gather_texts(DataConfig(dataset=str(dataset)), None, seed=0)
    with pytest.raises(InputError, match=r"^pretrain\.unlabeled: 'none' is neither a file nor a split"):
        gather_texts(DataConfig(dataset=str(dataset)), "none", seed=0)
