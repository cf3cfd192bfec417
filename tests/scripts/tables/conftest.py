"""A copy of the repository's results, which a test may change."""

import pytest
from measured_contenders import ROOT


@pytest.fixture
def root(tmp_path):
    """A copy of what the summary and the picture are made of."""
    (tmp_path / "results").mkdir()
    for path in (ROOT / "results").glob("*.json"):
        (tmp_path / "results" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "space").mkdir()
    (tmp_path / "space" / "model").symlink_to(ROOT / "space" / "model")
    (tmp_path / "space" / "tiny_model").symlink_to(ROOT / "space" / "tiny_model")
    return tmp_path
