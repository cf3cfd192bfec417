"""The demo in a real browser: a model, its address, and pages that must meet no error."""

import json

import pytest
from chromium import PATIENCE_MS, launch_chromium
from demo_pages import DESKTOP
from random_model import build_model
from run_records import make_results

from hf_lstm import LSTMSentiment
from hf_lstm.demo.app import build_demo, launch_demo

IS_LISTENING = "!/native code/.test(fetch)"  # page.js has set the page's own, and listens to keys


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A random model that says of itself that it read IMDB."""
    folder = tmp_path_factory.mktemp("model")
    build_model().save_pretrained(folder)
    (folder / "results.json").write_text(json.dumps(make_results()))
    return LSTMSentiment.from_pretrained(folder)


@pytest.fixture(scope="module")
def address(model):
    demo = build_demo(model)
    yield launch_demo(demo)
    demo.close(verbose=False)


@pytest.fixture(scope="module")
def browser():
    with launch_chromium() as browser:
        yield browser


@pytest.fixture
def serve():
    """Serves a demo until the pages are closed: one that still loads would meet an error."""
    served = []

    def serve_one(demo):
        served.append(demo)
        return launch_demo(demo)

    yield serve_one
    for demo in served:
        demo.close(verbose=False)


@pytest.fixture
def open_page(browser, serve):  # after `serve`, so that pages are closed first
    """Opens a page that must meet no error, and waits until it listens: what is pressed earlier is lost.

    Its `requested` lists the addresses that it asks for.
    """
    opened, errors = [], []

    def open_one(address, viewport=DESKTOP, theme="light"):
        page = browser.new_page(viewport=viewport)
        opened.append(page)
        page.set_default_timeout(PATIENCE_MS)
        page.requested = []
        page.on("request", lambda request: page.requested.append(request.url))
        page.on("pageerror", lambda error: errors.append(error))
        page.on("dialog", lambda dialog: (errors.append(dialog.message), dialog.dismiss()))
        page.goto(f"{address}?__theme={theme}")
        page.wait_for_function(IS_LISTENING)
        return page

    yield open_one
    for page in opened:
        page.close()
    assert errors == []
