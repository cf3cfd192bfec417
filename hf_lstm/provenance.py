"""What code a result comes from: the versions of what decides it, and the commit of the checkout."""

import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

_REPORTED_PACKAGES = ("hf-lstm", "torch", "tokenizers", "safetensors", "datasets", "huggingface-hub", "numpy")


def describe_code() -> dict[str, Any]:
    """Return the `versions` and the `commit`, as results.json has them."""
    return {"versions": list_versions(), "commit": find_commit()}


def list_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide a result."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in _REPORTED_PACKAGES}}


def find_commit() -> str | None:
    """Return the commit of the checkout that this package runs from, with `+changes` if files differ from it.

    None if the package is not run from a checkout of its own, or there is no git.
    """
    folder = Path(__file__).resolve().parent

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")) != folder.parent:
            return None  # installed into somebody else's repository
        return git("rev-parse", "HEAD") + ("+changes" if git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.CalledProcessError):
        return None
