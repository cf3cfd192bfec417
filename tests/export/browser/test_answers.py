"""The page, in a real browser, opened as a file and without a network, gives the model's ids and answers."""

import json

import pytest
from exported_pages import ANY_NUMBER, TEXTS, make_model, open_page
from random_model import POOLINGS

from hf_lstm import LSTMSentiment
from hf_lstm.config import ModelSettings, TokenizerConfig
from hf_lstm.tokenization.build import find_special_ids, train_tokenizer
from hf_lstm.tokenization.word_splitter import WordSplitter

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
