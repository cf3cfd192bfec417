"""The ten lines of each page about a feature: they run as they stand."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def read_python(page: str) -> str:
    """The Python blocks of a page, joined."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return "\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


@pytest.fixture
def page_folder(tmp_path, monkeypatch):
    """An empty working directory that has the model of this repository where the pages look for it."""
    (tmp_path / "space").symlink_to(ROOT / "space", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_page(page: str) -> dict:
    names = {}
    exec(compile(read_python(page), page, "exec"), names)
    return names


def test_python(page_folder):
    names = run_page("python.md")
    config = names["model"].config
    assert (config.bidirectional, config.pooling) == (True, "mean_max")
    assert names["features"].shape == (2, 4 * config.hidden_size)


def test_sklearn(page_folder):
    pytest.importorskip("sklearn")
    names = run_page("sklearn.md")
    assert names["classifier"].classes_.tolist() == ["bad", "good"]
