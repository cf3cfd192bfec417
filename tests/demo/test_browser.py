"""The demo in a real browser: headless Chromium, as `.ci/run` installs it. Without one, all of this is skipped."""

import csv
import dataclasses
import io
import json
import os
import shutil
import threading
from pathlib import Path

import pytest
from random_model import build_model
from run_records import make_results

from hf_lstm import FLAGSHIP_TINY, LSTMSentiment
from hf_lstm.answers.wording import choose_wording
from hf_lstm.config.model import MULTI_LABEL
from hf_lstm.demo.app import build_demo, launch_demo
from hf_lstm.demo.batch_rows import MAX_PASTED_CHARACTERS, ROWS_PER_STEP, classify_in_steps
from hf_lstm.demo.content.verdicts import describe_verdict, describe_words
from hf_lstm.demo.guards.middleware import MAX_TEXT_BODY_BYTES, TOO_LARGE

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install 'hf-lstm[test]'")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if CHROMIUM is None:
    pytest.skip("needs Chromium: apt-get install chromium", allow_module_level=True)

PATIENCE_MS = 300_000  # a machine that is busy answers late
REFUSED_MS = 60_000  # to refuse takes no time of a model
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
FILMS = choose_wording(["neg", "pos"], is_of_films=True)
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
COUNT_NODES = "document.querySelectorAll('body *:not(#answer .answer *)').length"
LIST_WORD_NODES = "[...document.querySelectorAll('#answer .answer *')].map(node => node.tagName)"
IS_LISTENING = "!/native code/.test(fetch)"  # page.js has set the page's own, and listens to keys
ANSWERED, HINTED = (f".answer[data-state={state}]" for state in ("result", "hint"))
# Of each text, the contrast of its color with the colors of what lies behind it: WCAG 2.2, 1.4.3.
LIST_FAINT_TEXTS = """() => {
  const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const read = (colors) => {
    pen.clearRect(0, 0, 1, 1);
    for (const color of colors) { pen.fillStyle = color; pen.fillRect(0, 0, 1, 1); }
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => rgb.map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0.05);
  const faint = [];
  for (const node of document.querySelectorAll("body *")) {
    const text = [...node.childNodes].filter((each) => each.nodeType === 3).map((each) => each.data).join("").trim();
    if (!text || !node.checkVisibility({ checkOpacity: true }) || node.closest("script, style, :disabled")) continue;
    const grounds = [];
    for (let each = node; each; each = each.parentElement) grounds.unshift(getComputedStyle(each).backgroundColor);
    const [below, above] = [light(read(grounds)), light(read([...grounds, getComputedStyle(node).color]))];
    const contrast = Math.max(below, above) / Math.min(below, above);
    if (contrast < 4.5) faint.push(`${contrast.toFixed(2)} ${node.className} ${text.slice(0, 40)}`);
  }
  return faint;
}"""


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
    """Opens a page that must meet no error, and waits until it listens: what is pressed earlier is lost."""
    opened, errors = [], []

    def open_one(address, viewport=DESKTOP, theme="light"):
        page = browser.new_page(viewport=viewport)
        opened.append(page)
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: errors.append(error))
        page.on("dialog", lambda dialog: (errors.append(dialog.message), dialog.dismiss()))
        page.goto(f"{address}?__theme={theme}")
        page.wait_for_function(IS_LISTENING)
        return page

    yield open_one
    for page in opened:
        page.close()
    assert errors == []


def classify(page, text):
    page.get_by_label("Text", exact=True).fill("")
    page.locator(".answer[data-state=idle]").wait_for()
    page.get_by_label("Text", exact=True).fill(text)
    page.locator("#classify").click()
    page.locator(ANSWERED).wait_for()
    return page.locator(".answer-verdict").inner_text()


def ask(page, text):
    page.get_by_label("Text", exact=True).fill(text)
    page.keyboard.press("Control+Enter")


def start_batch(page, texts):
    page.get_by_role("tab", name="Many texts").click()
    page.get_by_label("One text on each line").fill("\n".join(texts))
    page.get_by_role("button", name="Classify all").click()


def classify_batch(page, texts):
    start_batch(page, texts)
    page.wait_for_function("!document.querySelector('#download').disabled && document.querySelector('.batch td')")


def read_color(locator):
    return locator.evaluate("node => getComputedStyle(node).backgroundColor")


def find_place_at_rest(page, locator):
    """The box of what is shown, once it has a height and stays: Gradio lays a page out in several steps."""
    place, earlier = locator.bounding_box(), None
    for _ in range(100):
        if place is not None and place["height"] and place == earlier:
            return place
        page.wait_for_timeout(200)
        place, earlier = locator.bounding_box(), place
    raise AssertionError(f"{locator} does not come to rest")


def test_page_answers_and_forgets_the_answer_when_the_text_changes(open_page, address, model):
    page, requested = open_page(address), []
    page.on("request", lambda request: requested.append(request.url))
    page.reload()
    examples = page.locator("#examples")
    place = find_place_at_rest(page, examples)
    page.get_by_label("Text", exact=True).fill("a film\n" * 40)
    assert examples.bounding_box() == place, "a long text moves nothing"
    examples.get_by_text("A wonderful film: warm").click()
    page.locator(ANSWERED).wait_for()
    assert examples.bounding_box() == place, "examples stay where they are"
    assert page.get_by_label("Text", exact=True).input_value().startswith("A wonderful film")
    page.get_by_label("Text", exact=True).fill(" ")
    page.locator(ANSWERED).wait_for(state="hidden")
    page.keyboard.press("Control+Enter")
    page.locator(HINTED).get_by_text("Please enter a text first.").wait_for()
    ask(page, "\U0001f600")
    page.locator(HINTED).get_by_text("knows none of these words").wait_for()
    assert page.locator(".toast-body").count() == 0, "a hint is no error"
    expected = describe_verdict(model.predict_proba("a dull film")[0].tolist(), FILMS)["verdict"]
    assert classify(page, "a dull film") == expected
    assert [url for url in requested if not url.startswith((address, "data:"))] == [], "the page needs no other server"


def test_a_busy_demo_is_told_of_once_until_the_text_changes(open_page, address):
    page = open_page(address)
    page.set_default_timeout(REFUSED_MS)
    page.route("**/queue/join*", lambda route: route.fulfill(status=503, json={"detail": "The demo has a break."}))
    ask(page, "a film")
    page.locator(HINTED).get_by_text("The demo has a break.").wait_for()
    page.locator(".toast-body").wait_for(state="attached")
    assert page.locator(".toast-body").is_hidden(), "nothing is told twice"
    page.get_by_label("Text", exact=True).fill("another film")
    page.locator(".toast-body").wait_for(state="detached")
    page.locator(".answer[data-state=idle]").wait_for()


@pytest.mark.parametrize("answer", [{"status": 502, "body": "<html>Bad gateway</html>"}, None])
def test_an_answer_that_does_not_come_is_told_of_and_the_text_stays(open_page, address, answer):
    page = open_page(address)
    page.set_default_timeout(REFUSED_MS)
    page.route("**/queue/join*", lambda route: route.abort() if answer is None else route.fulfill(**answer))
    ask(page, "a film")
    page.locator(HINTED).get_by_text("No answer came").wait_for()
    page.locator(".toast-body").wait_for(state="attached")
    assert page.locator(".toast-body").is_hidden(), "nothing is told twice"
    page.unroute("**/queue/join*")
    assert page.get_by_label("Text", exact=True).input_value() == "a film"
    page.keyboard.press("Control+Enter")
    page.locator(ANSWERED).wait_for()
    assert page.locator(".refused").count() == 0, "toasts can be seen again"


def test_a_text_that_no_request_holds_gets_the_words_of_the_server(open_page, address):
    page = open_page(address)
    page.set_default_timeout(REFUSED_MS)
    ask(page, "film " * (MAX_TEXT_BODY_BYTES // 5))
    page.locator(HINTED).get_by_text(TOO_LARGE.detail).wait_for()
    page.locator(".toast-body").wait_for(state="attached")
    assert page.locator(".toast-body").is_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_are_colored_by_what_they_speak_for(open_page, address, model, theme):
    page = open_page(address, theme=theme)
    text = "\U0001f600 a <b>dull</b> film, a wonderful film"  # the emoji is two characters to JavaScript
    classify(page, text)
    explained = model.explain(text)
    shown = page.locator(".answer-text .word")
    assert page.locator(".answer-text").evaluate("node => node.textContent") == text
    assert shown.all_inner_texts() == [word["word"] for word in explained]
    colors = {True: set(), False: set()}
    for word, described, node in zip(explained, describe_words(explained), shown.all(), strict=True):
        speaks_for = "Liked it" if word["contribution"] > 0 else "Didn’t like it"
        assert node.get_attribute("title") == f"{described['shown']}, speaks for “{speaks_for}”"
        is_plain = described["strength"] == 0
        assert (read_color(node) == "rgba(0, 0, 0, 0)") is is_plain
        if not is_plain:
            colors[word["contribution"] > 0].add(read_color(node))
    assert any(colors.values())
    assert not colors[True] & colors[False]
    assert page.evaluate(LIST_FAINT_TEXTS) == []


def test_batch_is_shown_and_downloaded(open_page, address, model):
    page = open_page(address)
    texts = ["a wonderful film", "=1+1 dull film", "xyzzy"]
    classify_batch(page, texts)
    assert "(no known word)" in page.locator("#batch").inner_text()
    num_unsure = page.locator(".batch-unsure").count()
    unsure = page.get_by_role("button", name=f"(below 60\N{NO-BREAK SPACE}%) {num_unsure}")
    assert unsure.is_disabled() is (num_unsure == 0)
    page.get_by_role("button", name="No known word 1").click()
    assert page.locator(".batch td.batch-text").all_inner_texts() == ["xyzzy"]
    page.get_by_role("button", name="All 3").click()
    assert page.locator(".batch td.batch-text").all_inner_texts() == texts
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
    page.locator("#batch").get_by_text("a great film").last.wait_for()
    assert page.locator(".toast-body").count() == 0


def test_too_much_pasted_text_gets_a_hint_and_what_fits_an_answer(open_page, address):
    page = open_page(address)
    line = "a wonderful film " * 100
    classify_batch(page, [line] * (MAX_PASTED_CHARACTERS // (len(line) + 1)))
    page.get_by_label("One text on each line").fill("x" * (MAX_PASTED_CHARACTERS + 1))
    page.get_by_role("button", name="Classify all").click()
    page.locator("#batch").get_by_text("250,000 characters can be pasted").wait_for()
    assert page.locator(".toast-body").count() == 0


def test_only_a_text_that_is_cut_off_can_be_shown_whole(open_page, address):
    page = open_page(address)
    classify_batch(page, ["a wonderful film", "a wonderful film " * 60])
    more = page.locator(".batch-more")
    assert more.count() == 1
    more.click()
    lines = page.locator(".batch-lines").last
    assert lines.evaluate("node => node.scrollHeight <= node.clientHeight")
    assert more.inner_text() == "Show less"


def test_answers_of_many_texts_come_into_sight_on_a_phone(open_page, address):
    page = open_page(address, PHONE)
    classify_batch(page, ["a wonderful film"] * 20)
    page.wait_for_function("document.querySelector('.batch-frame').getBoundingClientRect().top < 0.6 * innerHeight")


def test_who_scrolls_away_while_texts_are_read_stays_there(open_page, model, serve, monkeypatch):
    gate = threading.Semaphore(0)

    def classify_slowly(model, texts):
        for rows in classify_in_steps(model, texts):
            yield rows
            gate.acquire(timeout=PATIENCE_MS / 1_000)

    monkeypatch.setattr("hf_lstm.demo.batch_tab.classify_in_steps", classify_slowly)
    page = open_page(serve(build_demo(model)), PHONE)
    start_batch(page, ["a wonderful film"] * 2 * ROWS_PER_STEP)
    for num_read in (ROWS_PER_STEP, 2 * ROWS_PER_STEP):
        page.wait_for_function("num => document.querySelector('.batch-progress').value === num", arg=num_read)
        page.wait_for_timeout(500)  # what would be scrolled smoothly
        if num_read == ROWS_PER_STEP:
            page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
            gate.release()
    assert page.evaluate("scrollY") == 0
    gate.release()
    page.wait_for_function("document.querySelector('.batch-frame').getBoundingClientRect().top < 0.6 * innerHeight")


def test_any_number_of_labels_is_shown_with_where_each_fits(open_page, serve):
    model = build_model(["sport", "food", "art"], problem_type=MULTI_LABEL)
    model.config = dataclasses.replace(model.config, thresholds=[0, 0, 1])
    page = open_page(serve(build_demo(model)))
    assert set(classify(page, "a wonderful film").split(", ")) == {"sport", "food"}
    bars = "nodes => nodes.map(node => [node.className, node.style.getPropertyValue('--fits-from')])"
    assert sorted(page.locator(".answer-shares li").evaluate_all(bars)) == [
        ["for marked", "0"],
        ["for marked", "0"],
        ["unsure marked", "1"],
    ]
    assert "if its bar reaches the mark" in page.locator(".answer-note").inner_text()
    classify_batch(page, ["a wonderful film"])
    assert set(page.locator(".batch td .chip").all_inner_texts()) == {"sport", "food"}
    assert page.locator(".batch-bar").is_hidden()
    assert page.evaluate(LIST_FAINT_TEXTS) == []


def test_html_in_texts_and_labels_stays_text(open_page, serve):
    demo = build_demo(build_model([HOSTILE_LABEL, "<b>pos</b>"]))
    page = open_page(serve(demo))
    classify(page, "film")
    assert page.locator(".share-label").all_inner_texts() == [HOSTILE_LABEL, "<b>pos</b>"]
    num_nodes = page.evaluate(COUNT_NODES)
    for text in HOSTILE_TEXTS:
        classify(page, f"{text} film")
        assert page.evaluate(COUNT_NODES) == num_nodes, text
        assert set(page.evaluate(LIST_WORD_NODES)) <= {
            "H2", "P", "SPAN", "DIV", "UL", "LI", "BDI", "B",
        }, text  # fmt: skip
        assert page.locator(".answer-text").evaluate("node => node.textContent") == f"{text} film"
    classify_batch(page, [f"{text} film" for text in HOSTILE_TEXTS])
    tags = page.locator("#batch").evaluate("node => [...node.querySelectorAll('td *')].map(each => each.tagName)")
    assert set(tags) <= {"DIV", "BDI", "SPAN"}
    shown = page.locator(".batch-lines").all_inner_texts()
    assert shown == [" ".join(f"{text} film".split()) for text in HOSTILE_TEXTS]


def test_line_breaks_of_the_web_are_shown_as_line_breaks(open_page, serve):
    page = open_page(serve(build_demo(LSTMSentiment.from_pretrained(FLAGSHIP_TINY))))
    classify(page, "A fine<br /><br />film.<br>")
    assert page.locator(".answer-text").evaluate("node => node.textContent") == "A fine\n\nfilm.\n"


def test_a_tapped_word_says_what_it_adds(open_page, address):
    page = open_page(address, PHONE)
    classify(page, "a wonderful film!?")
    word = page.locator(".answer-text .word").nth(1)
    word.click()
    chosen = f"wonderful: {word.get_attribute('title')}"
    playwright.expect(page.locator(".answer-chosen")).to_have_text(chosen, timeout=PATIENCE_MS)
    text = page.locator(".answer-text").bounding_box()
    assert text["y"] + 30 < PHONE["height"], "colored words are on the first screen"


def test_arrow_keys_go_from_one_colored_word_to_the_next(open_page, address):
    page = open_page(address)
    classify(page, "a wonderful film with a great cast")
    colored = page.locator(".answer-text .word:not(.plain)")
    assert page.locator(".answer-text [tabindex='0']").count() == 1
    colored.first.focus()
    for index in range(1, colored.count()):
        page.keyboard.press("ArrowRight")
        word = colored.nth(index)
        assert word.evaluate("node => node === document.activeElement")
        assert page.locator(".answer-chosen").inner_text() == f"{word.inner_text()}: {word.get_attribute('title')}"


def test_what_a_model_does_not_read_is_gray(open_page, address, model):
    page = open_page(address)
    num_read = model.config.max_length_tokens
    classify(page, "film " * (num_read + 3))
    assert page.locator(".answer-text .word").count() == num_read
    assert page.locator(".unread").inner_text().split() == ["film"] * 3
    assert f"reads the first {num_read} words" in page.locator(".answer-note").inner_text()


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
    assert card.startswith("Didn’t like it\nLiked it\n"), "labels are called as on the first tab"
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
        assert page.evaluate(LIST_FAINT_TEXTS) == [], tab
        path = folder / f"{tab.replace(' ', '_').lower()}-{viewport['width']}.png"
        page.screenshot(path=path, full_page=True)
        assert path.stat().st_size > 10_000
