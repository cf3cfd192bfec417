import pytest
from datasets import Dataset

from hf_lstm import InputError
from hf_lstm.config import DataConfig
from hf_lstm.data.loading import load_splits
from hf_lstm.sources.unlabeled import read_unlabeled


def test_a_file_gives_each_text_once_and_none_that_must_not_be_learned_from(tmp_path):
    (tmp_path / "more.txt").write_text("one\ntwo\n\none\ntest text\n")
    assert read_unlabeled(str(tmp_path / "more.txt"), DataConfig(), left_out=["test text"]) == ["one", "two"]
    with pytest.raises(InputError, match="no texts but blank ones and those of"):
        read_unlabeled(str(tmp_path / "more.txt"), DataConfig(), left_out=["one", "two", "test text"])


def test_a_split_of_the_data_set_does_as_well(tmp_path):
    for split in ("train", "unsupervised"):
        Dataset.from_dict({"text": [f"{split} text"], "label": [-1]}).to_parquet(str(tmp_path / f"{split}.parquet"))
    (tmp_path / "README.md").write_text(
        "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: train.parquet\n"
        "  - split: unsupervised\n    path: unsupervised.parquet\n---\n"
    )
    config = DataConfig(dataset=str(tmp_path))
    for name in ("unsupervised", "auto"):
        assert read_unlabeled(name, config, left_out=()) == ["unsupervised text"]
    with pytest.raises(InputError, match=r"train\.unlabeled: 'nothing' is neither a file nor a split"):
        read_unlabeled("nothing", config, left_out=())


@pytest.mark.parametrize(
    "file", ["unsupervised.csv", "Unsupervised-00000-of-00001.csv", "unsupervised/1.csv", "unsupervised.txt"]
)
def test_a_folder_without_a_card_has_the_splits_that_its_files_are_called(tmp_path, file):
    for split in ("train", "test"):
        (tmp_path / f"{split}.csv").write_text(f"text,label\n{split} text,0\nanother {split} text,1\n")
    config = DataConfig(dataset=str(tmp_path))
    assert read_unlabeled("auto", config, left_out=()) == []
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("more text\n" if file.endswith(".txt") else "text\nmore text\n")
    for name in ("unsupervised", "auto"):
        assert read_unlabeled(name, config, left_out=()) == ["more text"]
    with pytest.raises(InputError, match=r"'unlabeled' is neither a file nor a split"):
        read_unlabeled("unlabeled", config, left_out=())


def test_a_file_without_columns_or_encoding_goes_beside_a_data_set_that_has_them(tmp_path):
    config = DataConfig(text_column="body", encoding="cp1252")
    (tmp_path / "more.txt").write_bytes("müde\n".encode("cp1252"))
    (tmp_path / "more.csv").write_bytes("text,body\nno,müde\n".encode("cp1252"))
    Dataset.from_dict({"text": ["no"], "body": ["müde"]}).to_parquet(str(tmp_path / "more.parquet"))
    for name in ("more.txt", "more.csv", "more.parquet"):
        assert read_unlabeled(str(tmp_path / name), config, left_out=()) == ["müde"]


@pytest.mark.parametrize("name", ["none.csv", "no/folder", "."])
def test_what_can_only_be_a_file_is_looked_for_nowhere_else(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        InputError, match=r"^pretrain\.unlabeled: .*: (there is no such file|is a folder, expected a file)$"
    ):
        read_unlabeled(name, DataConfig(), left_out=(), setting="pretrain.unlabeled")


@pytest.mark.parametrize("dataset", ["data in memory", "file"])
def test_by_default_there_may_be_none(tmp_path, dataset):
    (tmp_path / "rows.csv").write_text("text,label\na,0\n")
    source = str(tmp_path / "rows.csv") if dataset == "file" else dataset
    assert read_unlabeled("auto", DataConfig(dataset=source), left_out=()) == []
    with pytest.raises(InputError, match="neither a file nor a split"):
        read_unlabeled("unsupervised", DataConfig(dataset=source), left_out=())


def test_a_folder_that_is_no_split_is_told_as_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "texts").mkdir()
    with pytest.raises(InputError, match=r"'texts' is a folder, and no split of data in memory; name one file, or"):
        read_unlabeled("texts", DataConfig(dataset="data in memory"), left_out=())


def test_the_samples_unlabeled_reviews_stand_in_no_other_split():
    splits = load_splits(DataConfig(dataset="sample"))
    known = {text for rows in splits.values() for text in rows["text"][:]}
    assert len(known) == 6_600
    texts = read_unlabeled("auto", DataConfig(dataset="sample"), left_out=())
    assert len(texts) == 8_000
    assert not known.intersection(texts)
