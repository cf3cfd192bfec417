"""Write the tree: each module with its docstring, and what else the repository holds."""

import ast
from pathlib import Path

_FOLDERS = ("hf_lstm", "scripts", "space")
_DESCRIPTIONS = {
    "hf_lstm/py.typed": "the package is typed",
    "hf_lstm/resources/sample/": "Real reviews: 6,600 with labels, 8,000 without",
    "hf_lstm/resources/stop_words_english.txt": "NLTK's 179 English stop words",
    "space/README.md": "the Space's front matter and page",
    "space/model/": "the model that comes along, and the demo's: flagship on IMDB, seed 0, in bfloat16",
    "space/tiny_model/": "the smallest model that comes along: flagship-tiny, 24 units, under 2 MB",
    "space/requirements.txt": "what a Space installs",
    "tests/": "a file per module, and the local Hub they talk to",
    "results/": "what was measured, and the page that shows it",
    "docs/": "architecture, recipes, settings, deployment, ideas that failed",
    ".ci/check": "the static checks",
    ".ci/run": "a fresh environment, the static checks, the test command",
    "Makefile": "the commands for contributors",
    "model_card.md": "template of the model card",
    "pyproject.toml": "metadata, dependencies, and the settings of ruff, mypy and pytest",
}
"""Of what has no docstring."""


def format_tree(root: Path) -> str:
    """Return a line for each module and each described file of `root`, in a block of code."""
    modules = [path for folder in _FOLDERS for path in (root / folder).glob("*.py")]
    packages = [path for folder in _FOLDERS for path in (root / folder).glob("*/**/__init__.py")]
    lines = {path.relative_to(root).as_posix(): _read_summary(path) for path in modules}
    lines |= {f"{path.parent.relative_to(root).as_posix()}/": _read_summary(path) for path in packages}
    lines |= {name: text for name, text in _DESCRIPTIONS.items() if (root / name).exists()}
    tops = [*(f"{folder}/" for folder in _FOLDERS), "tests/", "results/", "docs/"]

    def rank(name: str) -> tuple[int, str]:
        return next((index for index, top in enumerate(tops) if name.startswith(top)), len(tops)), name

    width = max(map(len, lines))
    body = "\n".join(f"{name:<{width}}  {lines[name]}" for name in sorted(lines, key=rank))
    return f"```\n{body}\n```"


def _read_summary(module: Path) -> str:
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0].rstrip(".")
