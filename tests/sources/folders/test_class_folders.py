"""Folders of texts, each named after a class."""

import os
import sys
from pathlib import Path

import pytest
from small_files import count_rows, write_csv

from hf_lstm.config import DataConfig
from hf_lstm.data.loading import load_split, load_splits
from hf_lstm.errors import InputError
from hf_lstm.sources.label_feature import Labels


def write_texts(folder, num_texts, suffix=".txt", words="a text"):
    folder.mkdir(parents=True)
    for i in range(num_texts):
        (folder / f"{i}_7{suffix}").write_text(f"{folder.parent.name} {folder.name} {i}\n{words}", encoding="utf-8")


def test_imdb_as_it_comes_in_its_archive(tmp_path, log):
    root = tmp_path / "aclImdb"
    for split in ("train", "test"):
        for label in ("neg", "pos"):
            write_texts(root / split / label, 10)
        (root / split / "labeledBow.feat").write_text("9 0:9")
        (root / split / "urls_pos.txt").write_text("http://www.imdb.com/title/tt0453418/usercomments")
    write_texts(root / "train" / "unsup", 4)
    (root / "imdb.vocab").write_text("the")
    (root / "README").write_text("Large Movie Review Dataset v1.0")
    splits = load_splits(DataConfig(dataset=str(root)))
    assert {split: len(part) for split, part in splits.items()} == {"train": 16, "validation": 4, "test": 20}
    assert splits["train"].features["label"].names == ["neg", "pos"]
    assert set(splits["test"]["text"][:]) == {
        f"test {label} {i}\na text" for label in ("neg", "pos") for i in range(10)
    }
    for left_out in ("train/unsup", "imdb.vocab", "test/labeledBow.feat", "test/urls_pos.txt"):
        assert left_out in log.text.partition("left out: ")[2]
    assert len(load_split(str(root / "test"), "test", labels=Labels(("neg", "pos")))) == 20


def test_texts_of_classes_may_be_pages_as_letters_are(tmp_path):
    write_texts(tmp_path / "ham", 10)
    write_texts(tmp_path / "spam", 10)
    for path in (tmp_path / "spam").iterdir():
        path.write_text(f"<html><body>{path.name}</body></html>", encoding="utf-8")
    assert sum(count_rows(tmp_path).values()) == 20


def test_class_folders_without_splits_and_without_suffixes(tmp_path):
    for label in ("alt.atheism", "sci.space"):
        write_texts(tmp_path / "20news" / "20news-bydate-train" / label, 10, suffix="", words="caf\xe9")
        write_texts(tmp_path / "20news" / "20news-bydate-test" / label, 5, suffix="")
        write_texts(tmp_path / "flat" / label, 10)
    assert count_rows(tmp_path / "20news") == {"train": 16, "validation": 4, "test": 10}
    assert sum(count_rows(tmp_path / "flat").values()) == 20
    (tmp_path / "flat" / "sci.space" / "0_7.txt").write_bytes(b"caf\xe9 au lait")
    with pytest.raises(InputError, match=r"sci\.space/0_7\.txt, line 1: not UTF-8"):
        count_rows(tmp_path / "flat")
    assert sum(count_rows(tmp_path / "flat", encoding="latin-1").values()) == 20


def test_classes_within_classes_are_refused(tmp_path):
    write_texts(tmp_path / "train" / "pos", 2)
    write_texts(tmp_path / "train" / "pos" / "very", 2)
    with pytest.raises(InputError, match=r"train/pos and train/pos/very both hold texts, so which .* is a class"):
        count_rows(tmp_path)


def test_a_text_of_a_class_has_an_end(tmp_path):
    for name in ("neg", "pos"):
        (tmp_path / "train" / name).mkdir(parents=True)
        (tmp_path / "train" / name / "1.txt").write_text(f"a {name} film")
    os.truncate(tmp_path / "train" / "neg" / "1.txt", 2**36)
    with pytest.raises(
        InputError, match=r"1\.txt: has 68,719,476,736 bytes, but each file in the folder of a class is"
    ):
        count_rows(tmp_path)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names are Unicode elsewhere")
def test_a_class_whose_name_is_not_utf8_is_told(tmp_path):
    for name in (b"caf\xe9", b"pos"):
        os.makedirs(os.fsencode(tmp_path) + b"/train/" + name)
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/train/" + name), "1.txt").write_text("a film")
    with pytest.raises(InputError, match=r"the folder's name, which is that of a class, is not UTF-8; rename it"):
        count_rows(tmp_path)


def test_which_folders_are_classes_is_not_guessed(tmp_path, log):
    for year, label in (("2019", "pos"), ("2020", "pos"), ("2019", "neg")):
        write_texts(tmp_path / "years" / label / year, 2)
    with pytest.raises(
        InputError, match=r"neg.2019 and pos.20.. hold texts, so which part of their names is the class"
    ):
        count_rows(tmp_path / "years")
    for label in ("pos", "neg"):
        write_texts(tmp_path / "listed" / label, 10)
        (tmp_path / "listed" / label / "LICENSE.txt").write_text("no text of the data")
    assert sum(count_rows(tmp_path / "listed").values()) == 20
    write_csv(tmp_path / "listed" / "urls.csv")
    with pytest.raises(InputError, match=r"holds tables \(urls.csv\) and folders of texts \(neg, pos\)"):
        count_rows(tmp_path / "listed")
    assert sum(count_rows(tmp_path / "listed" / "urls.csv").values()) == 20  # the remedy
    (tmp_path / "listed" / "urls.csv").rename(tmp_path / "listed" / "neg" / "urls.csv")
    with pytest.raises(InputError, match=r"holds tables \(neg.urls.csv\) and folders of texts \(neg, pos\)"):
        count_rows(tmp_path / "listed")
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "1.html").write_text("<p>")
    with pytest.raises(InputError, match=r"no data set found there: it holds the files 1\.html; expected"):
        count_rows(tmp_path / "pages")
