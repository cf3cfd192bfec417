"""All files of a folder are read, or named as left out; names of files say which split they are."""

import pytest
from small_files import count_rows, write_csv

from hf_lstm.errors import InputError
from hf_lstm.sources.named_sources import find_files


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
