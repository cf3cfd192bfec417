"""A folder's files are all read, or named as left out; names of files say which split they are."""

import json
import logging
import os
import sys
from pathlib import Path

import datasets
import pytest
from datasets import Dataset, DatasetDict

from hf_lstm.config import DataConfig
from hf_lstm.data.loading import load_split, load_splits
from hf_lstm.errors import InputError
from hf_lstm.sources.label_feature import Labels
from hf_lstm.sources.named_sources import find_files

WORDS = ("dull", "lovely")


@pytest.fixture(autouse=True)
def empty_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path_factory.mktemp("datasets-cache"))


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.INFO, logger="hf_lstm")
    return caplog


def list_rows(prefix, num_rows):
    return [(f"{prefix} {i} {WORDS[i % 2]}", ("neg", "pos")[i % 2]) for i in range(num_rows)]


def write_csv(path, num_rows=20, *, header="text,label", rows=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = rows or list_rows(path.stem, num_rows)
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n", encoding="utf-8")


def count_rows(dataset, **settings):
    return {split: len(part) for split, part in load_splits(DataConfig(dataset=str(dataset), **settings)).items()}


def name_files(found):
    return {split: [file.name for file in files] for split, files in found.splits.items()}


@pytest.mark.parametrize(
    ("names", "splits", "left_out"),
    [
        (["books.csv", "garden.csv", "model train.csv"], {"train": [0, 1, 2]}, None),
        (["train.csv", "test.csv", "sample_submission.csv"], {"train": [0], "test": [1]}, "sample_submission.csv"),
        (["imdb_train.csv", "imdb_test.csv"], {"train": [0], "test": [1]}, None),
        (["imdb-train.csv", "imdb-test.csv", "more.csv"], {"train": [0], "test": [1]}, "more.csv"),
        (["TRAIN.CSV", "Dev.csv", "Test.csv"], {"train": [0], "validation": [1], "test": [2]}, None),
        (["train-00000-of-00002.csv", "train-00001-of-00002.csv"], {"train": [0, 1]}, None),
        (["train/a.csv", "test/a.csv"], {"train": [0], "test": [1]}, None),
        (["train.csv", "my test.csv"], {"train": [0], "test": [1]}, None),
        (["train.csv", "test.csv", "my test.csv"], {"train": [0], "test": [1]}, "my test.csv"),
        (["traindata.csv", "testdata.csv"], {"train": [0], "test": [1]}, None),
        (["trainSet.csv", "DevSet.csv", "test_set.csv"], {"train": [0], "validation": [1], "test": [2]}, None),
        (["reviewsTrain.csv", "reviewsTest.csv"], {"train": [0], "test": [1]}, None),
        (["trn.tsv", "tst.tsv"], {"train": [0], "test": [1]}, None),
        (["training.1600000.csv", "testdata.manual.csv"], {"train": [0], "test": [1]}, None),
        (["contest.csv", "restrain.csv"], {"train": [0, 1]}, None),
        (["train_test.csv"], {"train": [0]}, None),
        (["a.csv", "b.tsv.gz", "c.jsonl", "README.md", ".hidden.csv", "LICENSE"], {"train": [0, 1, 2]}, None),
        (["a.csv", "notes.pdf"], {"train": [0]}, "notes.pdf"),
    ],
)
def test_all_files_of_a_folder_are_read_or_said_to_be_left_out(tmp_path, names, splits, left_out):
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    found = find_files(str(tmp_path))
    expected = {split: sorted(tmp_path / names[index] for index in indices) for split, indices in splits.items()}
    assert {split: sorted(files) for split, files in found.splits.items()} == expected
    assert [note for note in found.notes if "left out" in note] == ([f"left out: {left_out}"] if left_out else [])


def test_a_folder_of_shops_is_read_whole_and_said_so(tmp_path, log):
    for name in ("books.csv", "garden.csv", "model train.csv"):
        write_csv(tmp_path / name)
    assert sum(count_rows(tmp_path).values()) == 60
    assert "data: train: read from 3 files: books.csv, garden.csv, model train.csv" in log.text


def test_several_files_and_patterns_are_one_source(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.csv", "b c.csv", "it's.csv"):
        write_csv(tmp_path / name)
    for source in ("a.csv 'b c.csv'", "[ab]*.csv", f"'{tmp_path}/a.csv' 'b c.csv'"):
        assert sum(count_rows(source).values()) == 40
    assert sum(count_rows("it's.csv").values()) == 20
    write_csv(tmp_path / "test.csv", 10)
    assert count_rows("a.csv 'b c.csv' test.csv")["test"] == 10


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a.csv missing.csv", r"missing\.csv: there is no such file"),
        ("a.csv a.csv", r"a\.csv: is listed twice"),
        ("a.csv folder", "folder: is a folder: in a list of several, name files"),
        (
            "a.csv other.csv",
            r"other\.csv: its columns of text and label are \('review', 'stars'\), but those of .*a\.csv",
        ),
        ("nothing*.csv", r"nothing\*\.csv: no file that can be read has such a name"),
        ("a.*", r"a\.csv and a\.jsonl: look like the same rows in two formats"),
    ],
)
def test_lists_that_can_not_be_read_together_are_refused(tmp_path, monkeypatch, source, expected):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "a.jsonl").write_text("{}")
    write_csv(tmp_path / "a.csv")
    write_csv(tmp_path / "other.csv", header="review,stars")
    with pytest.raises(InputError, match=expected) as caught:
        count_rows(source)
    assert "\n" not in str(caught.value)


def test_missing_shards_are_refused(tmp_path):
    write_csv(tmp_path / "data" / "train-00000-of-00002-1a2b3c4d.csv")
    with pytest.raises(
        InputError, match=r"data: there is only 1 of the 2 files train-\*-of-00002\*\.csv; get the others"
    ):
        count_rows(tmp_path)
    assert sum(count_rows(tmp_path / "data" / "train*.csv").values()) == 20  # the remedy
    write_csv(tmp_path / "data" / "train-00001-of-00002-5e6f7a8b.csv")
    assert sum(count_rows(tmp_path).values()) == 40


def test_a_file_that_is_none_of_the_data_is_named_with_a_remedy(tmp_path):
    write_csv(tmp_path / "a.csv")
    write_csv(tmp_path / "names.csv", header="id,name")
    with pytest.raises(InputError, match=r"names\.csv: there is no text column; .* none of the data, name the others"):
        count_rows(tmp_path)
    assert sum(count_rows(tmp_path / "a.csv").values()) == 20


def test_a_readme_that_is_no_yaml_is_one_line(tmp_path):
    write_csv(tmp_path / "a.csv")
    (tmp_path / "README.md").write_text("---\nconfigs: [\n---\n")
    with pytest.raises(InputError, match=r"README\.md: its configurations can't be read") as caught:
        count_rows(tmp_path)
    assert "\n" not in str(caught.value)


# class folders


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


# configurations


MULTI = """---
configs:
- {config_name: emotion, data_files: e/train.csv}
- {config_name: irony, data_files: i/*.csv}
---
"""


@pytest.fixture
def multi(tmp_path):
    write_csv(tmp_path / "e" / "train.csv", 20)
    write_csv(tmp_path / "i" / "train.csv", 30)
    (tmp_path / "README.md").write_text(MULTI)
    return tmp_path


def test_one_of_several_configurations_is_named(multi):
    assert sum(count_rows(multi, config="emotion").values()) == 20
    assert sum(count_rows(multi, config="irony").values()) == 30
    with pytest.raises(InputError, match=r"has several configurations; name one with --config .*: 'emotion', 'irony'"):
        count_rows(multi)
    with pytest.raises(InputError, match=r"has no configuration 'x'; name one with --config .*: 'emotion', 'irony'"):
        count_rows(multi, config="x")


def test_a_configuration_of_what_has_none_is_refused(tmp_path):
    write_csv(tmp_path / "a.csv")
    for source in (tmp_path, tmp_path / "a.csv", "sample"):
        with pytest.raises(InputError, match=r"has no configurations|defines no configurations"):
            count_rows(source, config="x")


def test_configurations_of_the_hub_are_named(hub, multi):
    hub.add_repo("someone/multi", repo_type="dataset", folder=multi)
    assert sum(count_rows("someone/multi", config="irony").values()) == 30
    assert sum(count_rows("someone/multi", config="emotion").values()) == 20
    with pytest.raises(InputError, match=r"someone/multi: has several configurations; .*: 'emotion', 'irony'"):
        count_rows("someone/multi")
    with pytest.raises(InputError, match=r"someone/multi: has no configuration 'x'; .*: 'emotion', 'irony'"):
        count_rows("someone/multi", config="x")


# splits without labels


@pytest.mark.parametrize(
    "unlabeled",
    [
        {"rows": [(f"t{i} dull", -1) for i in range(9)]},
        {"rows": [(f"t{i} dull", "") for i in range(9)]},
        {"rows": [(i, f"t{i} dull") for i in range(9)], "header": "id,text"},
    ],
)
def test_a_split_without_any_label_is_left_out_and_cut_from_train(tmp_path, log, unlabeled):
    write_csv(tmp_path / "train.csv", rows=[(f"{i} {WORDS[i % 2]}", i % 2) for i in range(40)])
    write_csv(tmp_path / "validation.csv", rows=[(f"v{i} {WORDS[i % 2]}", i % 2) for i in range(10)])
    write_csv(tmp_path / "test.csv", **unlabeled)
    for _ in range(2):  # from the cache, it is said again
        log.clear()
        assert count_rows(tmp_path) == {"train": 36, "validation": 10, "test": 4}
        assert "left out: the test split, as " in log.text
        assert "data: test: 4 rows cut from train: " in log.text
    with pytest.raises(InputError, match=r"test\.csv.*(no row has a label|there is no label column)"):
        load_split(str(tmp_path), "test", labels=Labels(("0", "1")))


def test_a_split_with_some_labels_stays_refused(tmp_path):
    write_csv(tmp_path / "train.csv", rows=[(f"{i} {WORDS[i % 2]}", i % 2) for i in range(40)])
    write_csv(tmp_path / "test.csv", rows=[("a", 0), ("b", 1), ("c", -1)])
    with pytest.raises(InputError, match=r"test\.csv, row 3 \(line 4\), column 'label': label '-1' is none of"):
        count_rows(tmp_path)
    write_csv(tmp_path / "test.csv", rows=[("a", 0), ("b", ""), ("c", 1)])
    with pytest.raises(InputError, match=r"test\.csv, row 2 \(line 3\), column 'label': there is no label"):
        count_rows(tmp_path)


def test_minus_one_is_a_class_where_train_has_it(tmp_path):
    write_csv(tmp_path / "train.csv", rows=[(f"{i} word", i % 3 - 1) for i in range(60)])
    write_csv(tmp_path / "test.csv", rows=[(f"t{i} word", -1) for i in range(6)])
    splits = load_splits(DataConfig(dataset=str(tmp_path)))
    assert splits["train"].features["label"].names == ["-1", "0", "1"]
    assert splits["test"]["label"][:] == [0] * 6


# what `save_to_disk` wrote


def test_caches_beside_saved_rows_are_not_read(tmp_path):
    rows = list_rows("a", 20)
    data = Dataset.from_dict({"text": [text for text, _ in rows], "label": [label for _, label in rows]})
    data.save_to_disk(tmp_path / "one")
    DatasetDict(train=data, test=data).save_to_disk(tmp_path / "two")
    for folder in (tmp_path / "one", tmp_path / "two" / "train"):
        (saved,) = folder.glob("data-*.arrow")
        (folder / "cache-123.arrow").write_bytes(saved.read_bytes())
    assert sum(count_rows(tmp_path / "one").values()) == 20
    assert count_rows(tmp_path / "two") == {"train": 16, "validation": 4, "test": 20}
    (tmp_path / "one" / "state.json").write_text("[")
    with pytest.raises(InputError, match=r"state\.json: is not as Dataset\.save_to_disk writes it"):
        count_rows(tmp_path / "one")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "is not as Dataset"),
        ([5], "is not as Dataset"),
        (["/etc/passwd"], "is not as Dataset"),
        (["../two/data-00000-of-00001.arrow"], "is not as Dataset"),
        (["a\0b"], r"names 'a.x00b', and there is no such file; save the data set anew"),
        (["a" * 5_000], "names 'a+...', and there is no such file"),
        (["pipe.arrow"], "names 'pipe.arrow', and there is no such file"),
    ],
)
def test_saved_rows_are_those_of_files_beside_their_list(tmp_path, names, said):
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.arrow")
    (tmp_path / "state.json").write_text(json.dumps({"_data_files": [{"filename": name} for name in names]}))
    with pytest.raises(InputError, match=rf"state\.json: {said}"):
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
