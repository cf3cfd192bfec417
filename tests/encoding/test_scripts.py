import pytest
from transformers import PreTrainedTokenizerFast

from hf_lstm.config import ModelSettings, TokenizerConfig
from hf_lstm.encoding.encoder import Encoder
from hf_lstm.encoding.scripts import needs_any_script
from hf_lstm.tokenization.build import train_tokenizer
from hf_lstm.tokenization.word_splitter import WordSplitter, find_splitter

WORDS = [
    ("It's a café, No. 5_b", ["it", "s", "a", "café", "no", "5_b"]),
    ("फिल्म अच्छी थी।", ["फिल्म", "अच्छी", "थी"]),
    ("这部电影很好看 OK", [*"这部电影很好看", "ok"]),
    ("映画はとても", [*"映画はとても"]),
    ("หนังดี", ["ห", "นั", "ง", "ดี"]),
    ("cafe\u0301s", ["cafe\u0301s"]),
    ("نمی\u200cخواهم", ["نمی\u200cخواهم"]),
    ("фильм 0 ужасный ΟΔΟΣ", ["фильм", "0", "ужасный", "οδος"]),
    ("한국 영화", ["한국", "영화"]),
    ("👍🏽 …", []),
]


@pytest.mark.parametrize(("text", "words"), WORDS)
def test_words_of_any_script(text, words):
    splitter = WordSplitter("any_script", True)
    assert splitter.split(text) == words
    tokenizer = train_tokenizer([text, "word"], TokenizerConfig(words="any_script"))
    assert set(tokenizer.get_vocab()) == {"<pad>", "<unk>", "word", *words}
    config = ModelSettings().resolve(vocab_size=tokenizer.get_vocab_size(), label_names=["a", "b"])
    assert find_splitter(tokenizer) is not None
    ids = tokenizer.encode(text).ids
    assert Encoder(tokenizer, config).encode([text])[0].tolist() == (ids or [1])
    assert PreTrainedTokenizerFast(tokenizer_object=tokenizer)(text)["input_ids"] == ids


@pytest.mark.parametrize(
    ("texts", "needed"),
    [
        (["A fine film, café and naïve.", "by 张艺谋, a long review of a film that is rather long"], False),
        (["фильм ужасный", "Ein schöner Film"], False),
        (["फिल्म अच्छी थी"], True),
        (["这部电影很好看"], True),
        (["หนังดี"], True),
        (["", "!"], False),
    ],
)
def test_texts_that_need_it_are_known(texts, needed):
    assert needs_any_script(texts) is needed
