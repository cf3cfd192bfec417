"""What a tokenizer.json may have for JavaScript's tokenizers to read it, and that nobody's ids change by it."""

import itertools
import json
import re
import string
from typing import get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hf_lstm.config import ModelSettings, TokenizerConfig
from hf_lstm.encoding.encoder import Encoder
from hf_lstm.tokenization.build import train_tokenizer
from hf_lstm.tokenization.older_patterns import (
    build_first_normalizer,
    build_first_pre_tokenizer,
    build_second_normalizer,
)
from hf_lstm.tokenization.saved import parse_tokenizer
from hf_lstm.tokenization.unspaced import RANGES
from hf_lstm.tokenization.word_patterns import MAX_IGNORED, Words, build_pre_tokenizer, escape
from hf_lstm.tokenization.word_splitter import WordSplitter, find_splitter

WORDS = get_args(Words)
TEXTS = ["a good-natured film (really). It isn't bad!", "ΟΔΟΣ, Σ and C# or C++; 50% off/on", "a good film's ^end$ [*]"]
CONFIGS = [
    *(TokenizerConfig(words=words, lowercase=lowercase) for words in (*WORDS, "bpe") for lowercase in (True, False)),
    *(TokenizerConfig(words=words, unknown_words="drop") for words in ("word_characters", "whitespace")),
    *(TokenizerConfig(words=words, stop_words="drop") for words in ("unpunctuated", "wordpiece", "punctuated")),
    *(TokenizerConfig(words=words, stop_words="drop_plain") for words in ("letters", "punctuated", "any_script")),
]
# Of what begins with a backslash, JavaScript (with its flag u) and Oniguruma read only these alike.
ESCAPES = re.compile(
    r"\\(?:p\{(?:L|M|N|Nl|No|Cased|Case_Ignorable)\}|x[0-9A-F]{2}|u[0-9A-F]{4}|[tnr^$\\.*+?()\[\]{}|/])"
)


def list_patterns(part):
    """All regular expressions of a tokenizer's description."""
    if isinstance(part, list):
        return [pattern for each in part for pattern in list_patterns(each)]
    if not isinstance(part, dict):
        return []
    return [part["Regex"]] if "Regex" in part else list_patterns([part[name] for name in part if name != "vocab"])


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_patterns_have_only_what_javascript_reads_alike(config):
    patterns = list_patterns(json.loads(train_tokenizer(TEXTS, config).to_str()))
    assert patterns
    for pattern in patterns:
        rest = ESCAPES.sub("", pattern)
        assert "\\" not in rest, pattern
        assert not re.search(r"&&|\[\[|\[:|\(\?(?![:=!]|<[=!])|[*+?}]\+", rest), pattern  # sets, flags, possessive ones
        assert not re.search(r"[^\\]\[[^\]]*\[", rest), pattern  # a class within a class


def test_the_patterns_of_before_would_not_pass():
    (older,) = list_patterns(json.loads(build_first_normalizer("letters", True).__getstate__()))
    assert "\\" in ESCAPES.sub("", older)


@settings(max_examples=40, deadline=None)
@given(st.text("Σσ ΑαςʰⓐǅA1.'’:·\u0301\u0345\u00ad\n_<b>", max_size=40))
@example("'" * MAX_IGNORED + "Σ")
@example("α" + "'" * (MAX_IGNORED + 9) + "Σ")
@example("α" + "'" * (MAX_IGNORED + 9) + "Σα Σ")
def test_the_second_edition_finds_the_words_of_the_first(text):
    for words in WORDS:
        older = build_first_normalizer(words, True).normalize_str(text)
        assert build_second_normalizer(words, True).normalize_str(text) == older
        found = build_first_pre_tokenizer(words).pre_tokenize_str(older)
        assert build_pre_tokenizer(words).pre_tokenize_str(older) == found


def test_every_character_is_of_the_scripts_that_it_was_of():
    """Around the ends of all runs, as there are too many characters for each."""
    ends = {code for run in RANGES for end in run for code in range(end - 3, end + 4)}
    text = " ".join(chr(code) for code in sorted({*range(0x3100), *ends}) if not 0xD800 <= code < 0xE000)
    for words in ("whitespace", "punctuated", "any_script"):
        for start in range(0, len(text), 500):
            part = text[start : start + 500]
            found = build_first_pre_tokenizer(words).pre_tokenize_str(part)
            assert build_pre_tokenizer(words).pre_tokenize_str(part) == found


def build_older(words, **options):
    tokenizer = WordSplitter(words, True, edition=1, **options).build_tokenizer(
        {"<pad>": 0, "<unk>": 1, "οδος": 2, "οδοσ": 3, "σ": 4, "ς": 5, "film": 6}
    )
    return tokenizer, parse_tokenizer(tokenizer.to_str().encode(), "tokenizer.json")


@pytest.mark.parametrize(
    ("words", "options"),
    [*((words, {}) for words in WORDS), ("letters", {"kept": ["οδος", "οδοσ", "σ", "ς", "film"]})],
)
def test_tokenizers_of_before_are_read_and_encoded_as_before(words, options):
    tokenizer, read = build_older(words, **options)
    assert read.to_str() == tokenizer.to_str()
    found = find_splitter(read)
    assert found is not None
    assert (found.words, found.edition) == (words, 1)
    config = ModelSettings().resolve(vocab_size=7, label_names=["a", "b"])
    texts = ["ΟΔΟΣ film ΟΔΟΣ'", *("'" * count + "Σ" for count in (1, MAX_IGNORED, MAX_IGNORED + 1, 60)), "Σ" * 3]
    encoded = Encoder(read, config).encode(texts)
    for text, (start, end) in zip(texts, itertools.pairwise(encoded.offsets), strict=True):
        assert encoded.input_ids[start:end].tolist() == (tokenizer.encode(text).ids or [1])


@pytest.mark.parametrize(("edition", "known"), [(1, False), (2, False), (3, True)])
def test_curly_marks_are_straight_in_the_newest_edition_alone(edition, known):
    vocab = {"<pad>": 0, "<unk>": 1, "don't": 2, "it": 3, "'s": 4, '"': 5}
    splitter = WordSplitter("punctuated", True, edition=edition)
    read = parse_tokenizer(splitter.build_tokenizer(vocab).to_str().encode(), "tokenizer.json")
    found = find_splitter(read)
    assert found is not None
    assert (found.words, found.edition) == ("punctuated", edition)
    straight = "“DON’T it’s” don't"
    assert found.split(straight) == read.encode(straight).tokens if known else ["“", "don’t", "it", "’s", "”", "don't"]
    assert read.encode(straight).ids == ([5, 2, 3, 4, 5, 2] if known else [1, 1, 3, 1, 1, 2])
    encoded = Encoder(read, ModelSettings().resolve(vocab_size=6, label_names=["a", "b"])).encode([straight] * 5_000)
    assert encoded.input_ids[:6].tolist() == read.encode(straight).ids


def test_a_far_sigma_is_encoded_as_the_tokenizer_reads_it():
    vocab = {"<pad>": 0, "<unk>": 1, "σ": 2, "ς": 3}
    tokenizer = WordSplitter("letters", True).build_tokenizer(vocab)
    config = ModelSettings().resolve(vocab_size=4, label_names=["a", "b"])
    for count in (MAX_IGNORED - 1, MAX_IGNORED, MAX_IGNORED + 1, 80):
        text = f"{'.' * count}Σ"
        assert Encoder(tokenizer, config).encode([text]).input_ids.tolist() == tokenizer.encode(text).ids


def test_an_escaped_text_matches_itself_alone():
    for text in (*string.printable, "a.b", "C++ (50%) ^x$"):
        assert re.fullmatch(escape(text), text)
        assert not re.fullmatch(escape(text), f"{text}{text}")
