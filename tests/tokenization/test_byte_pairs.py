"""Byte pairs: nothing is unknown, places are right in any script, and each run learns the same pieces."""

import itertools
import json
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hf_lstm import InputError, LSTMSentiment
from hf_lstm.config import ModelSettings, TokenizerConfig
from hf_lstm.encoding.scripts import are_unspaced
from hf_lstm.tokenization.build import train_tokenizer
from hf_lstm.tokenization.saved import check_tokenizer, parse_tokenizer

CHINESE = [
    "这部电影非常好看，演员的表演很精彩。",
    "这部电影太无聊了，浪费时间。",
    "故事很感人，我非常喜欢这部电影。",
] * 3
JAPANESE = [
    "この映画はとても面白かったです。",
    "退屈な映画で、時間の無駄でした。",
    "俳優の演技が素晴らしい映画です。",
] * 3
THAI = ["หนังเรื่องนี้สนุกมาก", "หนังน่าเบื่อมาก เสียเวลา", "นักแสดงเล่นดีมาก ชอบหนังเรื่องนี้"] * 3
FINNISH = ["Elokuvassa oli hyviä näyttelijöitä", "elokuvissammekin oli huonoja näyttelijöitä", "hyvä elokuva"] * 3
CONFIG = TokenizerConfig(words="bpe", min_count=2)


def make_model(texts, config=CONFIG):
    tokenizer = train_tokenizer(texts, config)
    settings = ModelSettings(embedding_dim=3, hidden_size=3, max_length_tokens=40)
    return LSTMSentiment(settings.resolve(vocab_size=tokenizer.get_vocab_size(), label_names=["a", "b"]), tokenizer)


CHINESE_MODEL = make_model(CHINESE)


@pytest.mark.parametrize("texts", [CHINESE, JAPANESE, THAI, FINNISH])
def test_pieces_are_learned_that_are_longer_than_characters_and_shared(texts):
    model = make_model(texts)
    for text in texts[:3]:
        ids = model.encode(text)
        assert len(ids) < len(text.encode())
        assert 1 not in ids
    assert model.tokenizer.to_str() == make_model(texts).tokenizer.to_str()
    assert model.tokenizer.token_to_id("<pad>") == 0


@given(st.text())
@example("<unk> <pad>")
@example("電影 \ud800 x")
def test_nothing_is_unknown_and_words_are_where_they_stand(text):
    model = CHINESE_MODEL
    ids = model.encode(text)
    assert 1 not in ids or not model.encoder.locate(text)
    words = model.explain(text)
    for word in words:
        assert word["word"] == text[word["start"] : word["end"]] != ""
    places = [(word["start"], word["end"]) for word in words]
    assert all(start >= before for (_, before), (start, _) in itertools.pairwise(places))


def test_a_clause_without_blanks_is_explained_piece_by_piece_and_a_spaced_word_whole():
    assert len(make_model(CHINESE).explain("这部电影非常好看")) > 1
    assert [word["word"] for word in make_model(FINNISH).explain("Elokuvissammekin oli!")] == [
        "Elokuvissammekin", "oli", "!",
    ]  # fmt: skip


def test_a_letter_is_explained_with_the_signs_above_and_below_it():
    words = [word["word"] for word in make_model(THAI[:1]).explain("เรื่องนี้ก็น่าเบื่อที่สุด ကောင်းသည် ភាសាខ្មែរ")]
    assert not [word for word in words if unicodedata.category(word[0]).startswith("M")]
    assert len(words) > 10


def test_a_saved_one_is_read_and_a_changed_one_is_not():
    tokenizer = train_tokenizer(CHINESE, CONFIG)
    assert parse_tokenizer(tokenizer.to_str().encode(), "t").to_str() == tokenizer.to_str()
    described = json.loads(tokenizer.to_str())
    described["model"]["dropout"] = 0.5
    with pytest.raises(InputError):
        check_tokenizer(described, "t")
    described = json.loads(tokenizer.to_str())
    described["model"]["merges"].append(["no", "such"])
    with pytest.raises(InputError, match="is not a tokenizer"):
        parse_tokenizer(json.dumps(described).encode(), "t")


@pytest.mark.parametrize(("texts", "expected"), [(CHINESE, True), (JAPANESE, True), (THAI, True), (FINNISH, False)])
def test_scripts_without_blanks_are_known(texts, expected):
    assert are_unspaced(texts) is expected
    assert not are_unspaced(["a film called 花", "नमस्ते दुनिया"])


@pytest.mark.parametrize("changes", [{"stop_words": "drop"}, {"unknown_words": "drop"}, {"vocab": "a/b"}])
def test_settings_that_pieces_do_not_have_are_refused(changes):
    with pytest.raises(ValueError, match=r"bpe|wordpiece"):
        TokenizerConfig(words="bpe", **changes)
