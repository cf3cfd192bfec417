"""The tab of one text: its answer, its words, and what is said where there is no answer."""

import pytest
from chromium import PATIENCE_MS
from demo_pages import ANSWERED, HINTED, LIST_FAINT_TEXTS, PHONE, classify

from hf_lstm import FLAGSHIP_TINY, LSTMSentiment
from hf_lstm.answers.wording import choose_wording
from hf_lstm.demo.app import build_demo
from hf_lstm.demo.content.verdicts import describe_verdict, describe_words
from hf_lstm.demo.guards.middleware import MAX_TEXT_BODY_BYTES, TOO_LARGE

REFUSED_MS = 60_000  # to refuse takes no time of a model
FILMS = choose_wording(["neg", "pos"], is_of_films=True)


def ask(page, text):
    page.get_by_label("Text", exact=True).fill(text)
    page.keyboard.press("Control+Enter")


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
    page = open_page(address)
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
    assert [url for url in page.requested if not url.startswith((address, "data:"))] == [], (
        "the page needs no other server"
    )


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
    expect = pytest.importorskip("playwright.sync_api").expect
    expect(page.locator(".answer-chosen")).to_have_text(chosen, timeout=PATIENCE_MS)
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
