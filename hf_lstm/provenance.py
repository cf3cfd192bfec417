"""Records the versions and the commit that a result comes from."""

import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

_REPORTED_PACKAGES = ("hf-lstm", "torch", "tokenizers", "safetensors", "datasets", "huggingface-hub", "numpy")


def describe_code() -> dict[str, Any]:
    """Describe the code that runs: its `versions` and `commit`.

    They are as results.json has them.
    """
    return {"versions": list_versions(), "commit": find_commit()}


def list_versions() -> dict[str, str]:
    """List the versions of Python and of the packages that decide a result."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in _REPORTED_PACKAGES}}


def find_commit() -> str | None:
    """Find the commit of the checkout that this package runs from.

    It ends in `+changes` if tracked files differ from it. None if the package does not run from a checkout of its own,
    or if there is no git.
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
