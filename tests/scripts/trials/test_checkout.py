"""The code that tried commands run from: a change of it is told."""

import pytest

from hf_lstm.errors import InputError
from trials.checkout import CodeWatch


@pytest.mark.parametrize("change", ["other", "gone", "new"])
def test_a_change_of_the_code_is_told_with_its_file(tmp_path, change):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "code.py").write_text("1")
    watch = CodeWatch(tmp_path)
    (tmp_path / "b" / "code.py").write_text("1")  # which makes no difference
    watch.check()
    if change == "gone":
        (tmp_path / "b" / "code.py").unlink()
    else:
        (tmp_path / "b" / ("code.py" if change == "other" else "new.py")).write_text("2")
    with pytest.raises(InputError, match=r"b.(code|new)\.py has changed while commands ran from this checkout"):
        watch.check()
