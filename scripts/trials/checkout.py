"""Watches the code of the checkout, from which the commands run that are tried."""

import hashlib
from pathlib import Path

from hf_lstm.errors import InputError

_PACKAGE = Path(__file__).resolve().parents[2] / "hf_lstm"


class CodeWatch:
    """Notices that the package's code changes, so that what some commands leave can't be compared with others."""

    def __init__(self, folder: Path = _PACKAGE) -> None:
        """Remember the code as it is now."""
        self._folder = folder
        self._before = self._digest()

    def check(self) -> None:
        """Compare the code with what it was.

        Raises:
            InputError: it is another; the first file that differs is named.
        """
        now = self._digest()
        changed = sorted(name for name in {*self._before, *now} if self._before.get(name) != now.get(name))
        if changed:
            raise InputError(
                f"{self._folder / changed[0]} has changed while commands ran from this checkout, some with it and some "
                "without; leave the checkout as it is, or start this from a copy of it"
            )

    def _digest(self) -> dict[str, str]:
        files = self._folder.rglob("*.py")
        return {str(path.relative_to(self._folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
