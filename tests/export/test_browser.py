"""The page: in a real browser, opened as a file and without a network, it gives the model's ids and answers."""

import dataclasses
import json
import shutil

import pytest
import torch
from random_model import POOLINGS, build_model
from tokenizers import Tokenizer, models, pre_tokenizers

from hf_lstm import InputError, LSTMSentiment
from hf_lstm.answers.wording import word_page
from hf_lstm.config import ModelSettings, TokenizerConfig
from hf_lstm.errors import StorageError
from hf_lstm.export.browser import describe_model, describe_tokenizer, export_browser
from hf_lstm.shipped import FLAGSHIP_TINY
from hf_lstm.tokenization.build import find_special_ids, train_tokenizer
from hf_lstm.tokenization.byte_pairs import list_byte_letters
from hf_lstm.tokenization.older_patterns import age_byte_pairs
from hf_lstm.tokenization.word_splitter import WordSplitter

TEXTS = [
    "A wonderful film, isn't it? <br /><br />It's GREAT!",
    "",
    " \x1c\x85\u3000 ",
    "ΟΔΟΣ ΑΣ' ΑΣΑ Α'Σ Σ",
    "İstanbul naïve ½ x² ʰΣ _a_ ﬁlm",
    "the worst ’s don’t rock'n'roll O'Neil's",
    "หนังเรื่องนี้ไม่น่าเบื่อเลย สนุกมาก",
    "我爱电影 ไทย हिन्दी \u200dनमस्ते क्\u200dष",
    "\N{GRINNING FACE} great\N{GRINNING FACE}film \ud800 \ufeff a-b/c [x] `y`",
    "dull " * 50 + "wonderful",
    "</script><b>film</b> <!-- a -->",
]
KINDS = [
    ({"words": "punctuated"}, {"bidirectional": True, "pooling": "mean_max", "truncation": "head_tail"}),
    ({"words": "word_characters", "stop_words": "drop"}, {"pooling": "last", "bidirectional": True}),
    ({"words": "letters", "lowercase": False}, {"pooling": "attention", "num_layers": 2, "truncation": "last"}),
    ({"words": "whitespace"}, {"pooling": "max", "head_norm": True}),
    ({"words": "unpunctuated", "unknown_words": "drop"}, {"pooling": "mean", "single_logit": True}),
    ({"words": "any_script"}, {"single_bias": True}),
    ({"words": "wordpiece", "stop_words": "drop"}, {"bidirectional": True}),
    ({"words": "punctuated", "stop_words": "drop_plain"}, {"words_per_step": 3, "pooling": "mean_max"}),
    ({"words": "bpe", "max_words": 300}, {"bidirectional": True}),
    ({"words": "bpe", "lowercase": False}, {"truncation": "head_tail"}),
    ({"words": "whitespace"}, {"pooling": "mean_max", "bidirectional": True, "words_per_step": 2}),
    ({"words": "letters"}, {"pooling": "last_mean_max", "bidirectional": True, "num_layers": 2}),
]
ANY_NUMBER = {"problem_type": "multi_label_classification"}
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


def make_model(words, settings, label_names=("neg", "pos"), **config_fields):
    torch.manual_seed(0)
    tokenizer = train_tokenizer([text.replace("\ud800", "") for text in TEXTS], TokenizerConfig(**words))
    pad, unk = find_special_ids(tokenizer)
    config = ModelSettings(embedding_dim=6, hidden_size=5, max_length_tokens=9, **settings).resolve(
        vocab_size=tokenizer.get_vocab_size(), label_names=label_names, pad_token_id=pad, unk_token_id=unk
    )
    return LSTMSentiment(dataclasses.replace(config, temperature=0.5, **config_fields), tokenizer).eval()


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install 'hf-lstm[test]'")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with playwright.sync_playwright() as started:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        launched = started.chromium.launch(executable_path=chromium, args=options, timeout=300_000)
        yield launched
        launched.close()


def open_page(browser, model, folder):
    export_browser(model, folder)
    page = browser.new_context(offline=True).new_page()
    page.set_default_timeout(300_000)
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("request", lambda request: request.url.startswith(("file:", "data:")) or page.problems.append(request.url))
    page.goto((folder / "index.html").as_uri())
    return page


def test_the_page_is_tried_with_each_pooling():
    assert {settings.get("pooling", "last") for _, settings in KINDS} == set(POOLINGS)


@pytest.mark.parametrize(("words", "settings"), KINDS, ids=str)
def test_ids_probabilities_and_contributions_are_those_of_python(browser, tmp_path, words, settings):
    model = make_model(words, settings, ("bad", "fair", "good") if words["words"] == "punctuated" else ("neg", "pos"))
    page = open_page(browser, model, tmp_path)
    for text in TEXTS:
        ask = f"(() => {{ const text = {json.dumps(text)}; return {{ids: model.tokenizer.encode(text).ids, "
        told = page.evaluate(f"{ask} probabilities: model.predict(text), explained: model.explain(text)}} }})()")
        assert told["ids"] == model.encode(text).tolist(), text
        expected = model.predict_proba(text, precision="float32")[0].tolist()
        assert told["probabilities"] == pytest.approx(expected, abs=1e-5)
        explained = model.explain(text)
        units = text.encode("utf-16-le", "surrogatepass")
        found = [units[2 * word["start"] : 2 * word["end"]].decode("utf-16-le", "surrogatepass")
                 for word in told["explained"]["words"]]  # fmt: skip
        assert found == [word["word"] for word in explained], text
        assert [word["contribution"] for word in told["explained"]["words"]] == pytest.approx(
            [word["contribution"] for word in explained], abs=1e-4
        )
        assert (told["explained"]["label"], told["explained"]["against"]) == (explained.label, explained.against)
    assert page.problems == []


def test_any_number_of_labels_has_the_probabilities_labels_and_contributions_of_python(browser, tmp_path):
    labels = ("sport", "food", "film")
    kind = {"words": "punctuated"}, {"bidirectional": True}, labels
    likely = make_model(*kind, **ANY_NUMBER).predict_proba(TEXTS, precision="float32").sort(dim=0).values
    places = likely.diff(dim=0).argmax(dim=0).tolist()  # texts of the same words are as likely: not between these
    thresholds = [(likely[place, i] + likely[place + 1, i]).item() / 2 for i, place in enumerate(places)]
    model = make_model(*kind, **ANY_NUMBER, thresholds=thresholds)
    page = open_page(browser, model, tmp_path)
    told = page.evaluate(
        """(texts) => texts.map((text) => [model.predict(text), model.choose(model.predict(text)),
            [undefined, ...model.labels].map((label) => model.explain(text, label))])""",
        TEXTS,
    )
    chosen = model.predict(TEXTS, precision="float32")
    assert sum(map(len, chosen)) == sum(len(TEXTS) - 1 - place for place in places) > 3
    for text, (probabilities, names, explained), answers in zip(TEXTS, told, chosen, strict=True):
        assert probabilities == pytest.approx(model.predict_proba(text, precision="float32")[0].tolist(), abs=1e-5)
        assert names == [answer["label"] for answer in answers]
        for label, found in zip((None, *labels), explained, strict=True):
            expected = model.explain(text, label=label)
            assert (found["label"], found["against"]) == (expected.label, expected.against)
            assert [word["contribution"] for word in found["words"]] == pytest.approx(
                [word["contribution"] for word in expected], abs=1e-4
            )
    assert page.problems == []


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


@pytest.mark.parametrize("lowercase", [True, False])
def test_byte_pairs_of_another_library_are_refused_and_those_of_before_are_not(lowercase):
    tokenizer = train_tokenizer(["这部电影非常好看"] * 2, TokenizerConfig(words="bpe", lowercase=lowercase))
    older = Tokenizer.from_str(json.dumps(age_byte_pairs(json.loads(tokenizer.to_str()))))
    assert older.to_str() != tokenizer.to_str()
    assert describe_tokenizer(older) == describe_tokenizer(tokenizer)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel()
    with pytest.raises(InputError, match="export it as ONNX"):
        describe_tokenizer(tokenizer)


def test_bytes_are_the_letters_of_the_library():
    split = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str
    everything = "".join(map(chr, range(0x800))) + "中😀􀀀"
    ((letters, _),) = split(everything)
    assert letters == "".join(list_byte_letters()[byte] for byte in everything.encode())
    assert sorted(list_byte_letters()) == sorted(pre_tokenizers.ByteLevel.alphabet())


def test_long_runs_are_cut_into_the_byte_pairs_of_python(browser, tmp_path):
    letters = "的电影好看这部"
    text = "".join(letters[(i * i * 7 + i * 3) % 11 % 7] for i in range(3000))
    tokenizer = train_tokenizer(
        [text[start : start + 60] for start in range(0, 3000, 25)], TokenizerConfig(words="bpe")
    )
    pad, unk = find_special_ids(tokenizer)
    config = ModelSettings(embedding_dim=2, hidden_size=2).resolve(
        vocab_size=tokenizer.get_vocab_size(), label_names=("neg", "pos"), pad_token_id=pad, unk_token_id=unk
    )
    model = LSTMSentiment(config, tokenizer).eval()
    page = open_page(browser, model, tmp_path)
    assert page.evaluate(f"model.tokenizer.encode({json.dumps(text)}).ids") == model.encode(text).tolist()


def test_a_page_of_before_reads_final_sigmas_as_python_does(browser, tmp_path):
    vocab = {"<pad>": 0, "<unk>": 1, "σ": 2, "ς": 3, "οδος": 4}
    for folder, edition in (("older", 1), ("newer", 3)):
        tokenizer = WordSplitter("letters", True, edition=edition).build_tokenizer(vocab)
        config = ModelSettings(embedding_dim=2, hidden_size=2).resolve(vocab_size=5, label_names=("neg", "pos"))
        model = LSTMSentiment(config, tokenizer).eval()
        page = open_page(browser, model, tmp_path / folder)
        for text in ("ΟΔΟΣ Σ", f"{'.' * 40}Σ", "α..Σ", "Σ" * 3):
            assert page.evaluate(f"model.tokenizer.encode({json.dumps(text)}).ids") == model.encode(text).tolist()


def test_weights_are_written_in_half_the_bytes_where_nothing_is_lost():
    model = build_model()
    assert describe_model(model)["format"] == "float32"
    whole = len(describe_model(model)["weights"])
    model.load_state_dict({name: tensor.bfloat16().float() for name, tensor in model.state_dict().items()})
    assert describe_model(model)["format"] == "bfloat16"
    assert abs(2 * len(describe_model(model)["weights"]) - whole) <= 8


def test_a_tokenizer_that_the_page_does_not_know_is_refused(tiny_model, tmp_path):
    other = Tokenizer(models.WordLevel(tiny_model.tokenizer.get_vocab(), unk_token="<unk>"))
    other.pre_tokenizer = pre_tokenizers.Whitespace()
    with pytest.raises(InputError, match="export it as ONNX"):
        export_browser(LSTMSentiment(tiny_model.config, other), tmp_path / "page")
    assert not (tmp_path / "page").exists()


def test_a_page_of_before_is_replaced_and_another_one_is_not(tiny_model, tmp_path):
    assert export_browser(tiny_model, tmp_path / "page") == export_browser(tiny_model, tmp_path / "page")
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(InputError, match="that is not of such a page; choose another folder"):
        export_browser(tiny_model, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.html", "page"]
    assert (tmp_path / "index.html").read_text() == "mine"
    with pytest.raises(InputError, match=r"index.html is a file; expected a folder"):
        export_browser(tiny_model, tmp_path / "index.html")


def test_a_page_on_a_full_disk_is_the_old_one_or_none(tiny_model, tmp_path, monkeypatch):
    page = tmp_path / "page"
    export_browser(tiny_model, page)
    before = {path.name: path.read_bytes() for path in page.iterdir()}
    (page / "page.js").write_text(old := "of an earlier version")

    def write(path, content):
        if path.name == "weights.js":
            raise StorageError("full")
        path.write_bytes(content)

    with monkeypatch.context() as patch:
        patch.setattr("hf_lstm.export.browser.write_file", write)
        for folder in (page, tmp_path / "new"):
            with pytest.raises(StorageError, match="full"):
                export_browser(tiny_model, folder)
    assert {path.name: path.read_bytes() for path in page.iterdir()} == {**before, "page.js": old.encode()}
    assert [path.name for path in tmp_path.iterdir()] == ["page"]
    export_browser(tiny_model, page)
    assert {path.name: path.read_bytes() for path in page.iterdir()} == before
