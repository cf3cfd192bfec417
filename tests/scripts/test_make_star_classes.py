"""`scripts/make_star_classes.py`: every review of the archive lands once, in its split and class, or nothing does."""

import random
import runpy
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from hf_lstm.config import DataConfig
from hf_lstm.data.loading import load_splits
from hf_lstm.errors import InputError

PATH = Path(__file__).resolve().parents[2] / "scripts" / "make_star_classes.py"
SCRIPT = runpy.run_path(str(PATH))
STARS = {"neg": (1, 2, 3, 4), "pos": (7, 8, 9, 10)}


def name_class(stars):
    return next(name for name in ("1-2", "3-4", "7-8", "9-10") if stars in map(int, name.split("-")))


def write_archive(folder, *, seed=0, per_star=3):
    """Write reviews of all stars, numbered at random and one text twice, and return each split's (text, class)."""
    expected = {}
    for split in ("train", "test"):
        rows = []
        for side, all_stars in STARS.items():
            (folder / split / side).mkdir(parents=True)
            reviews = [(f"{split} {stars} <br />№ {n}\r\n", stars) for stars in all_stars for n in range(per_star)]
            reviews.append((f"{split} a text that two users wrote", all_stars[0]))
            reviews.append((f"{split} a text that two users wrote", all_stars[-1]))
            random.Random(seed).shuffle(reviews)
            for number, (text, stars) in enumerate(reviews):
                (folder / split / side / f"{number}_{stars}.txt").write_bytes(text.encode())
            rows += [(text, name_class(stars)) for text, stars in reviews]
        expected[split] = rows
    (folder / "train" / "unsup").mkdir()  # the archive's other files are left alone
    (folder / "train" / "unsup" / "0_0.txt").write_text("unlabeled")
    (folder / "README").write_text("about")
    return expected


def read_rows(path):
    table = pq.read_table(path)
    assert table.column_names == ["text", "stars"]
    return list(zip(*(table[name].to_pylist() for name in table.column_names), strict=True))


@pytest.fixture
def archive(tmp_path):
    write_archive(tmp_path / "aclImdb")
    return tmp_path / "aclImdb"


def test_every_file_lands_once_with_its_class(tmp_path, capsys):
    expected = write_archive(tmp_path / "aclImdb")
    SCRIPT["main"]([str(tmp_path / "aclImdb"), "--output-dir", str(tmp_path / "stars")])
    assert sorted(path.name for path in (tmp_path / "stars").iterdir()) == ["test.parquet", "train.parquet"]
    for split, rows in expected.items():
        assert Counter(read_rows(tmp_path / "stars" / f"{split}.parquet")) == Counter(rows)
    assert "train: 7 of 1-2 stars, 7 of 3-4 stars, 7 of 7-8 stars, 7 of 9-10 stars" in capsys.readouterr().out


def test_the_order_mixes_the_classes_and_is_the_same_however_files_are_numbered(tmp_path):
    for seed in (0, 1):
        write_archive(tmp_path / f"archive{seed}", seed=seed)
        SCRIPT["main"]([str(tmp_path / f"archive{seed}"), "--output-dir", str(tmp_path / f"stars{seed}")])
    for split in ("train", "test"):
        first, second = ((tmp_path / f"stars{seed}" / f"{split}.parquet").read_bytes() for seed in (0, 1))
        assert first == second
        classes = [stars for _, stars in read_rows(tmp_path / "stars0" / f"{split}.parquet")]
        assert len(set(classes[: len(classes) // 2])) == 4


def test_training_reads_it_as_four_classes(archive, tmp_path):
    SCRIPT["main"]([str(archive), "--output-dir", str(tmp_path / "stars")])
    splits = load_splits(DataConfig(dataset=str(tmp_path / "stars"), label_column="stars"))
    assert splits["test"].features["label"].names == ["1-2", "3-4", "7-8", "9-10"]
    assert len(splits["test"]) == 28


def break_folder(archive):
    (archive / "test" / "pos").rename(archive / "test" / "positive")


def break_name(archive):
    (archive / "test" / "pos" / "notes.txt").write_text("no review")


def break_side(archive):
    (archive / "test" / "pos" / "99_3.txt").write_text("a review of three stars among the positive ones")


def break_neutral(archive):
    (archive / "train" / "neg" / "99_5.txt").write_text("a review of five stars")


def break_encoding(archive):
    next((archive / "test" / "neg").iterdir()).write_bytes("fiancé".encode("latin-1"))


def break_reading(archive):
    path = next((archive / "test" / "neg").iterdir())
    path.unlink()
    path.symlink_to(archive / "nowhere")


def break_emptiness(archive):
    for path in (archive / "train" / "neg").iterdir():
        path.unlink()


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (break_folder, r"test/pos can't be listed \(No such file or directory\); expected the folder aclImdb"),
        (break_name, r"test/pos/notes.txt: the name does not tell the stars; expected NUMBER_STARS.txt with 7 to 10"),
        (break_side, r"test/pos/99_3.txt: the name"),
        (break_neutral, r"train/neg/99_5.txt: the name does not tell the stars; .* 1 to 4"),
        (break_encoding, r"not UTF-8 \(byte 0xe9 at position 6\)"),
        (break_reading, r"test/neg/\d+_\d.txt can't be read \(No such file or directory\)"),
        (break_emptiness, r"train/neg is empty"),
    ],
)
def test_bad_input_is_named_and_nothing_is_written(archive, tmp_path, damage, expected):
    damage(archive)
    with pytest.raises(InputError, match=expected):
        SCRIPT["main"]([str(archive), "--output-dir", str(tmp_path / "new" / "stars")])
    assert [path.name for path in tmp_path.iterdir()] == ["aclImdb"]


@pytest.mark.parametrize(("name", "reason"), [("nowhere", "No such file"), ("aclImdb_v1.tar.gz", "Not a directory")])
def test_what_is_no_folder_is_one_line_for_the_user(run_script, tmp_path, name, reason):
    (tmp_path / "aclImdb_v1.tar.gz").write_bytes(b"\x1f\x8b")
    result = run_script(PATH, name, "--output-dir", "stars")
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert reason in line
    assert "tar -xzf" in line
    assert not (tmp_path / "stars").exists()


def test_a_folder_in_use_is_refused_before_any_file_is_read(archive, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    break_reading(archive)
    with pytest.raises(InputError, match="holds"):
        SCRIPT["main"]([str(archive), "--output-dir", str(tmp_path)])
