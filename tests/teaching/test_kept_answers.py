import errno

import numpy as np
import pytest
from fake_clock import FakeClock

from hf_lstm.errors import StorageError
from hf_lstm.teaching import kept_answers
from hf_lstm.teaching.kept_answers import KeptAnswers

SHAPE = (10, 2)
KEY, OTHER_KEY = "a" * 64, "b" * 64


def make_part(start, end):
    return np.arange(2 * start, 2 * end, dtype=np.float32).reshape(-1, 2) / 3


def compute(kept, *, key=KEY, num_rows=SHAPE[0], end_at=None):
    """Compute an array in parts of four rows, and return it, the rows that were there, and which were computed."""
    asked = []

    def compute_part(start, end):
        if start == end_at:
            raise KeyboardInterrupt
        asked.append((start, end))
        return make_part(start, end)

    whole, num_found = kept.compute(key, (num_rows, 2), 4, compute_part)
    assert (whole == make_part(0, num_rows)).all()
    return num_found, asked


def test_only_what_is_missing_is_computed_again(tmp_path):
    folder = tmp_path / "parts"
    with pytest.raises(KeyboardInterrupt):
        compute(KeptAnswers(folder, after_s=0), end_at=8)
    assert compute(KeptAnswers(folder, after_s=0)) == (8, [(8, 10)])
    assert compute(KeptAnswers(folder, after_s=0)) == (10, [])
    assert compute(KeptAnswers(folder, after_s=0), key=OTHER_KEY) == (0, [(0, 4), (4, 8), (8, 10)])


def test_a_part_of_another_size_is_none_of_the_array(tmp_path):
    compute(KeptAnswers(tmp_path, after_s=0))
    assert compute(KeptAnswers(tmp_path, after_s=0), num_rows=9) == (8, [(8, 9)])


def test_damaged_parts_are_computed_again(tmp_path):
    compute(KeptAnswers(tmp_path, after_s=0))
    first, second, _ = sorted(tmp_path.iterdir())
    first.write_bytes(first.read_bytes()[:-1])
    second.write_bytes(b"\0" * second.stat().st_size)
    assert compute(KeptAnswers(tmp_path, after_s=0)) == (2, [(0, 4), (4, 8)])
    assert len(list(tmp_path.iterdir())) == 3
    assert compute(KeptAnswers(tmp_path, after_s=0)) == (10, [])


def test_parts_that_cannot_be_read_are_computed_again(tmp_path):
    compute(KeptAnswers(tmp_path, after_s=0))
    first, *_ = sorted(tmp_path.iterdir())
    first.unlink()
    first.symlink_to(tmp_path / "nothing")
    assert compute(KeptAnswers(tmp_path, after_s=0)) == (6, [(0, 4)])
    assert compute(KeptAnswers(tmp_path, after_s=0)) == (10, [])


def test_short_work_leaves_nothing_and_long_work_all_of_it(tmp_path, monkeypatch):
    clock = FakeClock()
    monkeypatch.setattr(kept_answers, "time", clock)
    kept = KeptAnswers(tmp_path / "parts", after_s=30)
    compute(kept)
    assert not (tmp_path / "parts").exists()
    clock.sleep(30)
    compute(kept, key=OTHER_KEY)
    assert compute(KeptAnswers(tmp_path / "parts")) == (10, [])  # what came before is written with it


def test_without_a_folder_and_of_another_nothing_is_written(tmp_path):
    compute(KeptAnswers(after_s=0))
    assert compute(KeptAnswers.of_another(tmp_path)) == (0, [(0, 4), (4, 8), (8, 10)])
    assert list(tmp_path.iterdir()) == []
    compute(KeptAnswers(tmp_path, after_s=0))
    assert compute(KeptAnswers.of_another(tmp_path)) == (10, [])


def test_a_lesson_is_learned_once_before_it_is_on_the_disk(tmp_path):
    kept = KeptAnswers(tmp_path)
    assert compute(kept) == (0, [(0, 4), (4, 8), (8, 10)])
    assert compute(kept) == (10, [])
    assert compute(kept, key=OTHER_KEY)[0] == 0
    assert [each.keeps for each in (kept, KeptAnswers(), KeptAnswers(after_s=0))] == [True, False, False]
    assert list(tmp_path.iterdir()) == []


def test_a_run_folder_that_was_removed_is_not_made_again(tmp_path):
    with pytest.raises(StorageError, match="removed/answers cannot be written: No such file"):
        compute(KeptAnswers(tmp_path / "removed" / "answers", after_s=0))
    assert not (tmp_path / "removed").exists()


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left")))
    with pytest.raises(StorageError, match="No space left"):
        compute(KeptAnswers(tmp_path, after_s=0))
