"""What the page shows: labels, words and their colors, and never anything as HTML."""

import pytest
from exported_pages import ANY_NUMBER, make_model, open_page

from hf_lstm import LSTMSentiment
from hf_lstm.answers.wording import word_page
from hf_lstm.shipped import FLAGSHIP_TINY

# Of words of a kind, the contrast of their ground with the page's, and of letters with their ground: WCAG 2.2, 1.4.3.
MEASURE_CONTRASTS = """(kind) => {
  const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const light = (color) => {
    pen.fillStyle = color;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
      .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0.05);
  };
  const contrast = (...colors) => { const [a, b] = colors.map(light); return Math.max(a, b) / Math.min(a, b); };
  const page = getComputedStyle(document.body).backgroundColor;
  return [0.1, 0.4, 0.7, 1].map((strength) => {
    const word = document.createElement("span");
    word.className = kind;
    word.style.setProperty("--strength", strength);
    document.querySelector("#words").append(word);
    const { backgroundColor, color } = getComputedStyle(word);
    return [contrast(backgroundColor, page), contrast(color, backgroundColor)];
  });
}"""


def test_the_page_names_the_labels_that_reach_their_thresholds_and_colors_words_for_the_one_pressed(browser, tmp_path):
    labels = ("sport", "food", "film")
    model = make_model({"words": "punctuated"}, {}, labels, **ANY_NUMBER, thresholds=[0.5, 0.3, 0.9])
    page = open_page(browser, model, tmp_path)
    page.fill("#text", "A wonderful film")
    for probabilities, answer, order in (
        ([0.6, 0.4, 0.8], "sport, food", ["sport", "food", "film"]),
        ([0.1, 0.2, 0.89], "None of the labels", ["film", "food", "sport"]),
        ([0.6, 0.1, 0.95], "film, sport", ["film", "sport", "food"]),
    ):
        page.evaluate(f"model.predict = () => {probabilities}")
        page.click("#classify")
        assert page.inner_text("#answer") == answer
        assert page.locator("#labels button").all_inner_texts() == order
    page.click("#labels button:text('food')")
    assert page.locator("#labels button[aria-pressed=true]").all_inner_texts() == ["food"]
    assert page.inner_text("#legend").startswith("Words speak for “food” or against “food”.")
    assert page.problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_strongest_words_stand_out_most_and_all_are_easy_to_read(browser, tmp_path, scheme):
    page = open_page(browser, make_model({"words": "punctuated"}, {}), tmp_path)
    page.emulate_media(color_scheme=scheme)
    for kind in ("for", "against"):
        from_page, from_letters = zip(*page.evaluate(MEASURE_CONTRASTS, kind), strict=True)
        assert list(from_page) == sorted(set(from_page))
        assert min(from_letters) >= 4.5


def test_the_page_shows_labels_and_words_and_never_reads_them_as_html(browser, tmp_path):
    label = "<img src=x onerror=document.title='hit'></script>"
    page = open_page(browser, make_model({"words": "punctuated"}, {}, ("dull", label)), tmp_path)
    page.click("#classify")
    assert page.inner_text("#hint") == "Enter a text first."
    page.fill("#text", "A film <img src=x onerror=document.title='hit'>.")
    page.keyboard.press("Control+Enter")
    assert "A film <img src=x" in page.inner_text("#words")
    assert label in page.inner_text("#labels")
    assert page.title() == page.inner_text("h1") == "Which label fits the text?"
    page.fill("#text", "\N{SNOWMAN}")
    assert page.inner_text("#labels") == ""
    page.click("#classify")
    assert "guess" in page.inner_text("#hint")
    assert page.problems == []


def test_the_page_of_film_reviews_has_the_words_of_the_demo(browser, tmp_path):
    model = LSTMSentiment.from_pretrained(FLAGSHIP_TINY)
    wording = word_page(model)
    page = open_page(browser, model, tmp_path)
    assert page.title() == wording.title == "Did they like the film?"
    assert page.inner_text("#classify") == wording.button
    assert page.locator("#examples button").all_inner_texts() == list(wording.examples)
    page.click("#examples button >> nth=0")
    assert page.input_value("#text") == wording.examples[0]
    assert page.inner_text("#answer") == wording.label_names[wording.first] == "Liked it"
    assert page.locator("#labels .name").all_inner_texts() == ["Liked it", "Didn’t like it"]
    assert page.locator("#labels .first .name").all_inner_texts() == ["Liked it"]  # blue, as its words are
    assert page.inner_text("#legend").startswith("Words speak for “Liked it” or for “Didn’t like it”.")
    for probabilities, answer in (([0.995, 0.005], "Didn’t like it"), ([0.59, 0.41], "Hard to tell, perhaps: Didn’t")):
        page.evaluate(f"model.predict = () => {probabilities}")
        page.click("#classify")
        assert page.inner_text("#answer").startswith(answer)
    assert page.evaluate("[0.9951, 0.5, 0.004].map(formatShare)") == [">99\xa0%", "50\xa0%", "<1\xa0%"]
    assert page.problems == []


def test_function_words_stay_plain_and_a_word_that_recurs_is_listed_once(browser, tmp_path):
    page = open_page(browser, make_model({"words": "punctuated"}, {}), tmp_path)
    page.evaluate("""() => {
        const add = { The: 0.2, film: 0.05, great: 0.5, ",": 0.2, not: -0.2, "don't": -0.2, Great: 0.25, "!": 0.2 };
        const find = (text) => [...text.matchAll(/[\\w']+|[,!]/g)].filter((found) => !/br/i.test(found[0]));
        model.explain = (text) => ({ label: "pos", against: "neg", words: find(text).map((found) => (
            { start: found.index, end: found.index + found[0].length, contribution: add[found[0]] })) });
    }""")
    page.fill("#text", "The great<br />film, not don't Great!<BR>")
    page.click("#classify")
    assert page.text_content("#words") == "The great\nfilm, not don't Great!\n"
    assert page.locator("#words .plain").all_inner_texts() == ["The", "film", ","]
    assert page.locator("#strongest span").all_inner_texts() == [
        "great ×2 +0.75",
        "not −0.20",
        "don't −0.20",
        "! +0.20",
    ]
    assert page.problems == []
