"""Starts headless Chromium, as `.ci/run` installs it; tests that need a browser skip where there is none."""

import contextlib
import shutil

import pytest

PATIENCE_MS = 300_000  # a machine that is busy answers late
_NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextlib.contextmanager
def launch_chromium():
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install 'hf-lstm[test]'")
    executable = next(filter(None, map(shutil.which, _NAMES)), None)
    if executable is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=executable, args=arguments, timeout=PATIENCE_MS)
        yield browser
        browser.close()
