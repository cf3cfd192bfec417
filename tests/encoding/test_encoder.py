import collections
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import BPE, WordLevel
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.processors import TemplateProcessing

from hf_lstm.config import ModelSettings, TokenizerConfig
from hf_lstm.encoding import bulk_encoder
from hf_lstm.encoding import encoder as encoder_module
from hf_lstm.encoding.encoder import Encoder
from hf_lstm.errors import InputError
from hf_lstm.tokenization.build import train_tokenizer
from hf_lstm.tokenization.word_patterns import replace_surrogates

CORPUS = ["A fine, fine film: it's fun", "ΟΔΟΣ naïve ½ 中文 x", "fine <unk> <pad>"]


def make_word_level(words: str = "word_characters", lowercase: bool = True, **settings: object) -> Tokenizer:
    return train_tokenizer(CORPUS, TokenizerConfig(words=words, lowercase=lowercase, **settings))


def make_byte_level() -> Tokenizer:
    """A tokenizer of another make, with all that a stored tokenizer may bring along."""
    vocab = {char: index for index, char in enumerate(sorted(ByteLevel.alphabet()))} | {"<s>": 256, "<pad>": 257}
    tokenizer = Tokenizer(BPE(vocab, []))
    tokenizer.pre_tokenizer = ByteLevel()
    tokenizer.post_processor = TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 256)])
    tokenizer.add_special_tokens(["<s>", "<pad>"])
    return tokenizer


TOKENIZERS = {
    "words": make_word_level(),
    "cased words": make_word_level(lowercase=False),
    "whitespace": make_word_level("whitespace"),
    "cased whitespace": make_word_level("whitespace", lowercase=False),
    "letters": make_word_level("letters"),
    "known words": make_word_level("letters", stop_words="drop", unknown_words="drop"),
    "no stop words": make_word_level(stop_words="drop"),
    "unpunctuated": make_word_level("unpunctuated"),
    "cased unpunctuated": make_word_level("unpunctuated", lowercase=False),
    "punctuated": make_word_level("punctuated"),
    "no plain words": make_word_level("punctuated", stop_words="drop_plain"),
    "cased punctuated": make_word_level("punctuated", lowercase=False),
    "any script": make_word_level("any_script"),
    "pieces": make_word_level("wordpiece", stop_words="drop", max_words=40),
    "byte level": make_byte_level(),
}
UNK = 1


def make_encoder(tokenizer: Tokenizer, **settings: object) -> Encoder:
    config = ModelSettings(**settings).resolve(vocab_size=300, label_names=("neg", "pos"), unk_token_id=UNK)
    return Encoder(tokenizer, config)


WORDS = st.sampled_from(
    ["fine", "FINE", "film", "film:", "it's", "ΟΔΟΣ", "½", "中文", "<unk>", "<pad>", "\ud800", "\x1c", "\0", "fine\0",
     "a't't", "I'D'S", "'ve", "'", "'s", "n't", "'T", "'re", "é'", "fine's", "don't", "o'film",
      "<br />", "</p", "< b>", "<a\n>", "<i<b>>", "naïve", "İ", "x" * 8, "x" * 16, "y" * 17]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(), st.text(st.characters(max_codepoint=127)), st.lists(WORDS | st.text(max_size=3)).map(" ".join),
    st.lists(WORDS).map("".join),
)  # fmt: skip


def encode_one_by_one(
    tokenizer: Tokenizer, texts: list[str], max_length_tokens: int, truncation: str = "first"
) -> list[list[int]]:
    encodings = [tokenizer.encode(replace_surrogates(text), add_special_tokens=False) for text in texts]
    return [keep(encoding.ids, max_length_tokens, truncation) or [UNK] for encoding in encodings]


def keep(ids: list[int], limit: int, truncation: str) -> list[int]:
    if truncation == "first" or len(ids) <= limit:
        return ids[:limit]
    return ids[-limit:] if truncation == "last" else ids[: limit - limit // 2] + ids[len(ids) - limit // 2 :]


@pytest.mark.parametrize("name", TOKENIZERS)
@settings(max_examples=50)  # for each of 14
@given(
    texts=st.lists(TEXTS, max_size=5),
    max_length_tokens=st.integers(1, 8),
    truncation=st.sampled_from(["first", "last", "head_tail"]),
    is_bulk=st.booleans(),
)
def test_gives_the_ids_of_the_tokenizer(
    name: str, texts: list[str], max_length_tokens: int, truncation: str, is_bulk: bool
) -> None:
    encoder = make_encoder(TOKENIZERS[name], max_length_tokens=max_length_tokens, truncation=truncation)
    with mock.patch.object(encoder_module, "_MIN_BULK_CHARACTERS", 1 if is_bulk else 10**9):
        encoded = encoder.encode(texts)
    expected = encode_one_by_one(TOKENIZERS[name], texts, max_length_tokens, truncation)
    assert [encoded[index].tolist() for index in range(len(encoded))] == expected
    assert encoded.lengths.tolist() == [len(ids) for ids in expected]
    assert encoded.input_ids.dtype == np.int32
    assert encoded.offsets.dtype == np.int64
    assert encoded.offsets[0] == 0
    assert encoded.offsets[-1] == len(encoded.input_ids)


@pytest.mark.parametrize("name", TOKENIZERS)
def test_many_and_long_texts(name: str) -> None:
    texts = [f"{'fine film, é ' * (index % 7)}{index}" for index in range(600)] + ["fine " * 20_000]
    encoded = make_encoder(TOKENIZERS[name], max_length_tokens=50_000, max_length_characters=200_000).encode(texts)
    expected = encode_one_by_one(TOKENIZERS[name], texts, 50_000)
    assert [encoded[index].tolist() for index in range(len(texts))] == expected


@pytest.mark.parametrize("name", TOKENIZERS)
def test_many_texts_are_encoded_in_chunks_as_alone(name: str) -> None:
    texts = ["It's <b>fine</b>, naïve FILM!", "", "ΟΔΟΣ x", "中文" * 9, "it's it's", "x" * 40, "<br", ">fine"] * 40
    encoder = make_encoder(TOKENIZERS[name], max_length_tokens=12, truncation="head_tail")
    alone = [encoder.encode([text])[0].tolist() for text in texts]
    with (
        mock.patch.object(encoder_module, "_MIN_BULK_CHARACTERS", 1),
        mock.patch.object(bulk_encoder, "_CHUNK_CHARACTERS", 100),
        mock.patch.object(bulk_encoder, "_MIN_CHUNK_CHARACTERS", 1),
        mock.patch.object(bulk_encoder, "_MAX_KNOWN_PIECES", 2),
    ):
        encoded = encoder.encode(texts)
    assert [encoded[index].tolist() for index in range(len(texts))] == alone


def test_long_words_are_not_kept() -> None:
    texts = [f"{'x' * 1_000}{number} {'y' * 20}" for number in range(200)]
    encoder = make_encoder(TOKENIZERS["words"])
    encoded = encoder.encode(texts)
    assert encoded.lengths.tolist() == [2] * 200
    assert encoder._bulk is not None
    assert sum(map(len, encoder._bulk._known_pieces)) == 20


def test_rows_are_read_like_those_of_a_list() -> None:
    encoded = make_encoder(TOKENIZERS["words"]).encode(["fine", "", "fine film"])
    assert len(encoded) == 3
    assert [row.tolist() for row in encoded] == [encoded[-3].tolist(), [UNK], encoded[-1].tolist()]
    with pytest.raises(IndexError):
        encoded[3]


@pytest.mark.parametrize("make", [make_word_level, make_byte_level])
def test_stored_padding_and_truncation_are_ignored(make: Callable[[], Tokenizer]) -> None:
    expected = make_encoder(make()).encode(CORPUS)
    tokenizer = make()
    tokenizer.enable_padding(length=12)
    tokenizer.enable_truncation(2)
    encoded = make_encoder(tokenizer).encode(CORPUS)
    assert encoded.input_ids.tolist() == expected.input_ids.tolist()
    assert encoded.offsets.tolist() == expected.offsets.tolist()
    assert tokenizer.truncation["max_length"] == 2  # the caller's tokenizer stays as it was


def test_a_copy_for_another_process_gives_the_same() -> None:
    for tokenizer in TOKENIZERS.values():
        encoder = make_encoder(tokenizer)
        copy = pickle.loads(pickle.dumps(encoder))
        expected = encoder.encode(CORPUS).input_ids
        assert copy.encode(CORPUS).input_ids.tolist() == expected.tolist()


def test_unknown_words_need_an_unknown_token() -> None:
    """What the tokenizer cannot encode, the encoder doesn't either."""
    encoder = make_encoder(Tokenizer(WordLevel({"fine": 0}, unk_token="<unk>")))
    with pytest.raises(Exception, match="Missing"):
        encoder.encode(["film"])


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (None, "NoneType, expected a string; drop it"),
        (7, "int, expected a string; pass a list of strings"),
        (float("nan"), "NaN, expected a string; drop it"),
        (pd.NA, "NAType, expected a string; drop it"),
        (np.ones(2), "ndarray, expected a string; pass a list of strings"),
        (collections.UserString("a"), "UserString, expected a string; pass a list of strings"),
        (b"bytes", "bytes, expected a string; decode it"),
        (["a", "b"], "list, expected a string; pass a list of strings"),
    ],
)
@pytest.mark.parametrize("name", ["words", "byte level"])
def test_refuses_what_is_no_string(name: str, bad: object, said: str) -> None:
    with pytest.raises(InputError, match=f"row 8 is {said}"):
        make_encoder(TOKENIZERS[name]).encode(["fine", bad], first_row=7)


def test_long_texts_are_cut_before_they_are_tokenized() -> None:
    encoder = make_encoder(TOKENIZERS["words"], max_length_characters=7)
    assert encoder.encode(["fine film"]).input_ids.tolist() == encoder.encode(["fine fi"]).input_ids.tolist()
    assert [(token.start, token.end) for token in encoder.locate("fine film")] == [(0, 4), (5, 7)]


def test_located_tokens_are_those_encoded_and_none_of_a_text_without_words() -> None:
    encoder = make_encoder(TOKENIZERS["words"], max_length_tokens=3, truncation="head_tail")
    text = "fine fun film it fine"
    assert [token.id for token in encoder.locate(text)] == encoder.encode([text])[0].tolist()
    assert encoder.locate(" ... ") == []


def test_refuses_one_string_for_a_list() -> None:
    with pytest.raises(InputError, match="one string"):
        make_encoder(TOKENIZERS["words"]).encode("fine")


def test_reviews_give_the_ids_of_plain_python(shared_data: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    file = shared_data / "imdb" / "plain_text" / "unsupervised-00000-of-00001.parquet"
    reviews = parquet.read_table(file, columns=["text"])["text"].to_pylist()[::10]
    tokenizer = train_tokenizer(reviews[::2], TokenizerConfig(min_count=2))
    vocab = tokenizer.get_vocab()
    encoded = make_encoder(tokenizer, max_length_tokens=256).encode(reviews)
    expected = [[vocab.get(word, 1) for word in re.findall(r"\b\w+\b", review.lower())][:256] for review in reviews]
    assert [encoded[index].tolist() for index in range(len(encoded))] == expected


@pytest.mark.parametrize("num_threads", [1, 2, 3])
def test_chunks_hold_each_text_once_and_give_threads_like_shares(num_threads):
    texts = [chr(97 + row % 26) * (1 + row % 40) for row in range(2_000)]
    with (
        mock.patch.object(bulk_encoder, "_CHUNK_CHARACTERS", 9_000),
        mock.patch.object(bulk_encoder, "_MIN_CHUNK_CHARACTERS", 4_000),
    ):
        chunks = list(bulk_encoder.cut_chunks(texts, num_threads))
    assert [text for chunk in chunks for text in chunk] == texts
    assert len(chunks) % num_threads == 0
    sizes = [sum(map(len, chunk)) for chunk in chunks]
    assert max(sizes) <= 9_000 + 40
    assert max(sizes) - min(sizes) <= 40 * len(chunks)


def test_many_threads_get_no_small_chunks():
    with mock.patch.object(bulk_encoder, "_MIN_CHUNK_CHARACTERS", 4_000):
        assert [len(chunk) for chunk in bulk_encoder.cut_chunks(["four"] * 2_500, 16)] == [1_250, 1_250]


def test_texts_without_characters_are_one_chunk():
    assert [len(chunk) for chunk in bulk_encoder.cut_chunks([""] * 5, 2)] == [5]


def test_no_texts_are_in_no_chunk():
    assert not list(bulk_encoder.cut_chunks([], 2))
