"""`scripts/make_film_groups.py`: each review gets the film of its number, in whatever order files are listed."""

import runpy
from pathlib import Path

import pytest
from datasets import Dataset

from hf_lstm.config import DataConfig
from hf_lstm.data.groups import GROUP, add_groups
from hf_lstm.errors import InputError

SCRIPT = runpy.run_path(str(Path(__file__).resolve().parents[2] / "scripts" / "make_film_groups.py"))
FILMS = {"neg": ["tt0001", "tt0002", "tt0001"], "pos": ["tt0003", "tt0003", "tt0004"]}


@pytest.fixture
def archive(tmp_path):
    train = tmp_path / "aclImdb" / "train"
    for side, films in FILMS.items():
        (train / side).mkdir(parents=True)
        urls = [f"http://www.imdb.com/title/{film}/usercomments" for film in films]
        (train / f"urls_{side}.txt").write_text("\n".join(urls) + "\n")
        for number, film in reversed(list(enumerate(films))):
            (train / side / f"{number}_{9 - number}.txt").write_bytes(f"№ {number} of {film}<br />".encode())
    return train.parent


def test_training_finds_the_film_of_each_row(archive, tmp_path):
    output = tmp_path / "films.csv"
    SCRIPT["main"]([str(archive), "--output", str(output)])
    rows = [(f"№ {number} of {film}<br />", film) for films in FILMS.values() for number, film in enumerate(films)]
    train = Dataset.from_dict({"text": [text for text, _ in reversed(rows)]})
    grouped = add_groups(train, DataConfig(group_file=str(output), group_column="movie"))
    assert grouped[GROUP][:] == [film for _, film in reversed(rows)]


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda train: (train / "urls_pos.txt").write_text("no film\n"), r"urls_pos\.txt: line 1 names no film"),
        (lambda train: (train / "urls_neg.txt").unlink(), "cannot be read .* expected the folder aclImdb"),
        (lambda train: (train / "pos" / "notes.txt").touch(), r"notes\.txt: is no review"),
    ],
)
def test_what_is_not_the_archive_is_refused_and_nothing_is_written(archive, tmp_path, damage, expected):
    damage(archive / "train")
    with pytest.raises(InputError, match=expected):
        SCRIPT["main"]([str(archive), "--output", str(tmp_path / "films.csv")])
    assert not (tmp_path / "films.csv").exists()
