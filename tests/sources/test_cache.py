"""Keys of the cache: files that can't be read are refused in one line."""

import pytest

from hf_lstm.errors import InputError
from hf_lstm.sources.cache import hash_files


def test_a_file_that_vanished_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"gone\.csv: can't be read"):
        hash_files({"train": [tmp_path / "gone.csv"]})
