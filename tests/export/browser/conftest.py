"""A browser, which one file's tests share."""

import pytest
from chromium import launch_chromium


@pytest.fixture(scope="module")
def browser():
    with launch_chromium() as browser:
        yield browser
