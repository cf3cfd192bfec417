"""The texts of the repository's pages."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

WRITTEN = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "CITATION.cff", "results/README.md", "scripts/README.md")

TEXTS = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in (*WRITTEN, *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").glob("*.md"))))
}
