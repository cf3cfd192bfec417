"""The demo in a real browser: headless Chromium, as `.ci/run` installs it. Without one, all of this is skipped."""

import csv
import io
import json
import os
import shutil
from pathlib import Path

import pytest
from random_model import build_model
from run_records import make_results

from hf_lstm import LSTMSentiment
from hf_lstm.demo.app import build_demo, launch_demo

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install 'hf-lstm[test]'")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if CHROMIUM is None:
    pytest.skip("needs Chromium: apt-get install chromium", allow_module_level=True)

PATIENCE_MS = 300_000  # a machine that is busy answers late
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
HOSTILE_LABEL = '<img src="x" onerror="alert(1)">'
HOSTILE_TEXTS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<body onload=alert(1)>",
    '"><img src=x onerror=alert(1)>', "'><script>alert(1)</script>", "</textarea><script>alert(1)</script>",
    "<iframe src=javascript:alert(1)>", "<iframe srcdoc='<script>parent.alert(1)</script>'>", "javascript:alert(1)",
    "<a href=javascript:alert(1)>film</a>", "<details open ontoggle=alert(1)>", "<input autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)></video>", "<object data=javascript:alert(1)>", "<embed src=javascript:alert(1)>",
    "<math><mtext></mtext><script>alert(1)</script></math>", "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>", "<style>*{display:none}</style>",
    "<link rel=stylesheet href=javascript:alert(1)>", "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<form action=javascript:alert(1)><button>film</button></form>", "<template><script>alert(1)</script></template>",
    "[film](javascript:alert(1))", "![film](x onerror=alert(1))", "{{constructor.constructor('alert(1)')()}}",
    "<marquee onstart=alert(1)>", "${alert(1)}", "$\\href{javascript:alert(1)}{film}$",
    "&lt;script&gt;alert(1)&lt;/script&gt;", "\u202e<b>film</b>\u0001",
]  # fmt: skip
COUNT_NODES = "document.querySelectorAll('body *:not(#words .words *)').length"
LIST_WORD_NODES = "[...document.querySelectorAll('#words .words *')].map(node => node.tagName)"


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
    with playwright.sync_playwright() as started:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = started.chromium.launch(executable_path=CHROMIUM, args=arguments, timeout=PATIENCE_MS)
        yield browser
        browser.close()


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
    """Opens a page that must meet no error."""
    opened, errors = [], []

    def open_one(address, viewport=DESKTOP, theme="light"):
        page = browser.new_page(viewport=viewport)
        opened.append(page)
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: errors.append(error))
        page.on("dialog", lambda dialog: (errors.append(dialog.message), dialog.dismiss()))
        page.goto(f"{address}?__theme={theme}")
        return page

    yield open_one
    for page in opened:
        page.close()
    assert errors == []


def classify(page, text):
    answer = page.get_by_test_id("label-output-value").first
    page.get_by_label("Text", exact=True).fill("")
    answer.wait_for(state="hidden")
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_role("button", name="Classify", exact=True).click()
    page.locator("#words .words").wait_for()
    return answer.inner_text()


def classify_batch(page, texts):
    page.get_by_role("tab", name="Many texts").click()
    page.get_by_label("One text on each line").fill("\n".join(texts))
    page.get_by_role("button", name="Classify all").click()
    page.wait_for_function("!document.querySelector('#download').disabled")


def read_color(locator):
    return locator.evaluate("node => getComputedStyle(node).backgroundColor")


def test_page_answers_and_forgets_the_answer_when_the_text_changes(open_page, address, model):
    page, requested = open_page(address), []
    page.on("request", lambda request: requested.append(request.url))
    page.reload()
    answer = page.get_by_test_id("label-output-value").first
    page.get_by_text("A wonderful film: warm").click()
    page.locator("#words .words").wait_for()
    assert page.get_by_label("Text", exact=True).input_value().startswith("A wonderful film")
    page.get_by_label("Text", exact=True).fill(" ")
    answer.wait_for(state="hidden")
    page.locator("#words .words").wait_for(state="hidden")
    page.get_by_role("button", name="Classify", exact=True).click()
    page.get_by_text("Please enter a text first.").wait_for()
    assert classify(page, "a dull film") == model.predict("a dull film")["label"]
    assert [url for url in requested if not url.startswith((address, "data:"))] == [], "the page needs no other server"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_are_colored_by_what_they_speak_for(open_page, address, model, theme):
    page = open_page(address, theme=theme)
    text = "\U0001f600 a <b>dull</b> film, a wonderful film"  # the emoji is two characters to JavaScript
    classify(page, text)
    explained = model.explain(text)
    shown = page.locator(".words-text .word")
    assert page.locator(".words-text").evaluate("node => node.textContent") == text
    assert shown.all_inner_texts() == [word["word"] for word in explained]
    colors = {True: set(), False: set()}
    for word, node in zip(explained, shown.all(), strict=True):
        speaks_for = "pos" if word["contribution"] > 0 else "neg"
        number = f"{word['contribution']:+.2f}".replace("-", "\u2212")
        assert node.get_attribute("title") == f"{number}, speaks for {speaks_for}"
        colors[word["contribution"] > 0].add(read_color(node))
    assert colors[True]
    assert colors[False]
    assert not colors[True] & colors[False]
    assert read_color(page.locator(".words-for")) != read_color(page.locator(".words-against"))
    assert page.locator(".words-against").inner_text() == "neg"


def test_batch_is_shown_and_downloaded(open_page, address, model):
    page = open_page(address)
    texts = ["a wonderful film", "=1+1 dull film", "xyzzy"]
    classify_batch(page, texts)
    assert "(no known word)" in page.locator("#answers").inner_text()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    rows = list(csv.reader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))
    assert rows[0] == ["text", "label", "score", "score_neg", "score_pos"]
    assert [row[0] for row in rows[1:]] == ["a wonderful film", "'=1+1 dull film", "xyzzy"]
    assert [row[1] for row in rows[1:3]] == [answer["label"] for answer in model.predict(texts[:2])]


def test_a_file_is_classified_by_its_column(open_page, address, tmp_path):
    (tmp_path / "reviews.csv").write_text("id,opinion\n1,a dull film\n2,a great film\n")
    page = open_page(address)
    page.get_by_role("tab", name="Many texts").click()
    page.locator("input[type=file]").first.set_input_files(tmp_path / "reviews.csv")
    page.get_by_text("reviews", exact=False).last.wait_for()
    page.get_by_role("button", name="Classify all").click()
    page.get_by_text("there is no text column").wait_for()
    page.get_by_label("Column of the texts").fill("opinion")
    page.get_by_role("button", name="Classify all").click()
    page.locator("#answers").get_by_text("a great film").last.wait_for()


def test_html_in_texts_and_labels_stays_text(open_page, serve):
    demo = build_demo(build_model([HOSTILE_LABEL, "<b>pos</b>"]))
    page = open_page(serve(demo))
    assert classify(page, "film") in (HOSTILE_LABEL, "<b>pos</b>")
    num_nodes = page.evaluate(COUNT_NODES)
    for text in HOSTILE_TEXTS:
        classify(page, f"{text} film")
        assert page.evaluate(COUNT_NODES) == num_nodes, text
        assert set(page.evaluate(LIST_WORD_NODES)) <= {"H3", "P", "SPAN"}, text
        assert page.locator(".words-text").evaluate("node => node.textContent") == f"{text} film"
    classify_batch(page, [f"{text} film" for text in HOSTILE_TEXTS])
    tags = page.locator("#answers").evaluate("node => [...node.querySelectorAll('td *')].map(each => each.tagName)")
    assert not set(tags) & {"IMG", "SCRIPT", "IFRAME", "A", "B", "STYLE", "FORM", "VIDEO", "OBJECT", "EMBED"}


def test_a_tapped_word_says_what_it_adds(open_page, address):
    page = open_page(address, PHONE)
    classify(page, "a wonderful film!?")
    assert page.locator(".words-unread").last.inner_text() == "!?"
    word = page.locator(".words-text .word").nth(1)
    word.click()
    chosen = f"wonderful: {word.get_attribute('title')}"
    playwright.expect(page.locator(".words-chosen")).to_have_text(chosen, timeout=PATIENCE_MS)


LIST_TALL_CELLS = """[...document.querySelectorAll('.figures td:not(.long)')].filter(
  cell => cell.getClientRects().length !== 1 || cell.offsetHeight > 2.2 * parseFloat(getComputedStyle(cell).fontSize)
    + parseFloat(getComputedStyle(cell).paddingTop) * 2).map(cell => cell.textContent)"""


def test_figures_and_mistakes_are_read_on_a_phone(open_page, serve, tmp_path):
    labels = ["negative", "positive"]
    results = make_results(labels)
    for label in labels:
        results["splits"]["test"]["per_label"][label]["support"] = 12_500
    results["splits"]["test"]["confusion_matrix"]["rows"] = [[11_000, 1_500], [1_400, 11_100]]
    build_model(labels).save_pretrained(tmp_path / "model")
    (tmp_path / "model" / "results.json").write_text(json.dumps(results))
    model = LSTMSentiment.from_pretrained(tmp_path / "model")
    mistake = {"row": 3, "label": labels[0], "predicted": labels[1], "score": 0.9998}
    word = {"word": "wonderful", "start": 5, "end": 14, "contribution": 2.5}
    mistake |= {"words": [word], "text": "<b>a wonderful film</b> " * 30}
    (tmp_path / "errors.jsonl").write_text(json.dumps(mistake) + "\n")
    demo = build_demo(model, report_folder=tmp_path)
    page = open_page(serve(demo), PHONE)
    page.get_by_role("tab", name="The model").click()
    page.locator(".figures.cards").wait_for()
    assert page.evaluate(LIST_TALL_CELLS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    card = page.locator(".cards tbody tr").inner_text()
    assert "<b>a wonderful film</b>" in card
    assert ">99.9\N{NO-BREAK SPACE}%" in card
    assert "12,500" in page.locator(".figures").first.inner_text()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_tab_fits_the_screen(open_page, address, viewport, tmp_path):
    folder = Path(os.environ.get("DEMO_SCREENSHOTS", tmp_path))
    page = open_page(address, viewport)
    classify(page, "a wonderful film, " * 60)
    for tab in ("One text", "Many texts", "The model"):
        page.get_by_role("tab", name=tab).click()
        page.get_by_role("tab", name=tab, selected=True).wait_for()
        if tab == "Many texts":
            classify_batch(page, ["a wonderful film with a great cast " * 10] * 5)
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], tab
        path = folder / f"{tab.replace(' ', '_').lower()}-{viewport['width']}.png"
        page.screenshot(path=path, full_page=True)
        assert path.stat().st_size > 10_000
