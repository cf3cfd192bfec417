"""`scripts/update_tables.py` writes pages anew, and tells what is out of date."""

import runpy

import pytest
from written_pages import ROOT, TEXTS

from tables.pages import PAGES, update_page
from tables.picture.themes import THEMES
from tables.speed.benchmark import find_missing_sections


@pytest.fixture
def script(monkeypatch):
    """`scripts/update_tables.py`, with a benchmark of all sections and new pictures."""
    names = runpy.run_path(str(ROOT / "scripts" / "update_tables.py"))["main"].__globals__
    monkeypatch.setitem(names, "find_missing_sections", lambda root: [])
    monkeypatch.setitem(names, "find_old_pictures", lambda: [])
    return names


def test_checking_tells_by_its_exit_code_and_writes_nothing(tmp_path, monkeypatch, capsys, script):
    script["main"](["--check"])
    for name, sections in PAGES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("".join(f"<!-- {section} -->\n<!-- /{section} -->\n" for section in sections))
    monkeypatch.setitem(script, "ROOT", tmp_path)
    monkeypatch.setitem(script, "update_page", lambda name, text, root: TEXTS[name])
    with pytest.raises(SystemExit) as exit_:
        script["main"](["--check"])
    assert exit_.value.code == 1
    complaints = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in complaints] == list(PAGES)
    assert all((tmp_path / name).read_text() != TEXTS[name] for name in PAGES)
    script["main"]([])
    assert all((tmp_path / name).read_text() == TEXTS[name] for name in PAGES)


def test_pages_are_written_anew_section_by_section(monkeypatch, tmp_path):
    writers = {"one": lambda root: f"of {root.name}", "two": lambda root: "2"}
    monkeypatch.setattr("tables.pages.PAGES", {"page.md": writers})
    text = "<!-- one -->\nold\n<!-- /one -->\nbetween\n<!-- two -->\n<!-- /two -->\n"
    expected = f"<!-- one -->\nof {tmp_path.name}\n<!-- /one -->\nbetween\n<!-- two -->\n2\n<!-- /two -->\n"
    assert update_page("page.md", text, tmp_path) == expected


def test_checking_names_the_sections_that_the_benchmark_lacks(monkeypatch, capsys, script):
    monkeypatch.setitem(script, "find_missing_sections", lambda root: ["epoch", "latency"])
    with pytest.raises(SystemExit):
        script["main"](["--check"])
    assert "results/benchmark.json lacks epoch, latency: run" in capsys.readouterr().err


def test_checking_names_pictures_that_show_something_else(monkeypatch, capsys, tmp_path):
    script = runpy.run_path(str(ROOT / "scripts" / "update_tables.py"))["main"].__globals__
    assert script["find_old_pictures"]() == []
    monkeypatch.setitem(script, "ROOT", tmp_path)
    monkeypatch.setitem(script, "collect_panels", lambda root: [])
    monkeypatch.setitem(script, "find_missing_sections", lambda root: [])
    lines = script["list_complaints"]([])
    assert [line.split()[0] for line in lines] == [f"docs/images/{name}" for name in THEMES]
    assert all(line.endswith("run python scripts/draw_speed.py") for line in lines)


def test_the_committed_benchmark_has_every_section():
    assert find_missing_sections(ROOT) == []
