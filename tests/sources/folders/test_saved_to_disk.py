"""What `save_to_disk` wrote is read, and nothing that lies beside it."""

import json
import os

import pytest
from datasets import Dataset, DatasetDict
from small_files import count_rows, list_rows

from hf_lstm.errors import InputError


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
