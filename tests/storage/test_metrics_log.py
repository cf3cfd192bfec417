import errno
import json
import os
import sys

import pytest

from hf_lstm.errors import InputError, StorageError
from hf_lstm.storage.metrics_log import MetricsLog


def read(path):
    return [json.loads(line)["step"] for line in path.read_text().splitlines()]


def test_lines_after_the_checkpoint_are_taken_back(tmp_path):
    path = tmp_path / "metrics.jsonl"
    with MetricsLog(path) as log:
        log.append({"step": 1})
        size = log.flush()
        log.append({"step": 2})
    assert read(path) == [1, 2]
    with MetricsLog(path) as log:
        log.cut(size)
        log.append({"step": 2})
        assert log.flush() == 2 * size
        log.append({"step": 3})
    assert read(path) == [1, 2, 3]


def test_a_full_disk_is_one_line(tmp_path, monkeypatch):
    with MetricsLog(tmp_path / "metrics.jsonl") as log:
        log.append({"step": 1})
        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
            with pytest.raises(StorageError, match=r"metrics\.jsonl cannot be written: full"):
                log.flush()


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_log_has_the_permissions_of_any_file(tmp_path):
    (tmp_path / "other").touch()
    with MetricsLog(tmp_path / "log"):
        assert (tmp_path / "log").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_lines_that_are_gone_are_not_made_up(tmp_path, caplog):
    with MetricsLog(tmp_path / "log") as log:
        log.append({"step": 1})
        log.append({"step": 2})
        num_bytes = log.flush()
    os.truncate(tmp_path / "log", num_bytes - 3)
    with MetricsLog(tmp_path / "log") as log:
        log.cut(num_bytes)
        log.append({"step": 3})
    assert (tmp_path / "log").read_text() == '{"step": 1}\n{"step": 3}\n'
    assert "lacks lines that it had when the run was saved" in caplog.text


def test_a_log_that_grew_again_after_it_lost_lines_is_cut_between_lines(tmp_path):
    path = tmp_path / "log"
    with MetricsLog(path) as log:
        log.append({"step": 1})
        log.append({"step": 20})
        num_bytes = log.flush()
    os.truncate(path, 0)
    for _ in range(2):
        with MetricsLog(path) as log:
            log.cut(num_bytes)
            log.append({"step": 3})
            log.append({"number": 4})
    assert path.read_text().splitlines() == ['{"step": 3}', '{"step": 3}', '{"number": 4}']


@pytest.mark.skipif(sys.platform == "win32", reason="makes pipes and links")
@pytest.mark.parametrize(
    "make",
    [
        os.mkdir,
        getattr(os, "mkfifo", None),
        lambda path: os.symlink("/dev/zero", path),
        lambda path: os.symlink(path, path),
    ],
)
def test_what_is_no_file_is_refused_at_once(tmp_path, make):
    path = tmp_path / "metrics.jsonl"
    make(path)
    with pytest.raises(InputError, match=r"metrics\.jsonl (cannot be written: |is no regular file; remove it)"):
        MetricsLog(path)
