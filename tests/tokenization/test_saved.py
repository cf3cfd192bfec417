"""Tests that a saved tokenizer has only parts that are known to be harmless, and that all of ours are."""

import itertools
import json
from typing import get_args

import pytest
from tokenizers import Regex, Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split, WhitespaceSplit

from hf_lstm import InputError
from hf_lstm.config import ModelSettings, TokenizerConfig
from hf_lstm.encoding.encoder import Encoder
from hf_lstm.tokenization.build import train_tokenizer
from hf_lstm.tokenization.saved import parse_tokenizer, typed_failures
from hf_lstm.tokenization.stop_words import LEFT_OUT
from hf_lstm.tokenization.word_patterns import Words
from hf_lstm.tokenization.word_splitter import WordSplitter

TEXTS = ["a wonderful film with a great cast", "don't miss it's end, 你好 ΟΔΟΣ", "the end (of) [it]"]
VOCAB = {"<pad>": 0, "<unk>": 1, "film": 2, "a+b(": 3}
KEPT = set(VOCAB) - {"<pad>", "<unk>"}


def parse(tokenizer):
    return parse_tokenizer(tokenizer.to_str().encode(), "tokenizer.json")


@pytest.mark.parametrize(("words", "lowercase"), list(itertools.product(get_args(Words), [True, False])))
@pytest.mark.parametrize(
    "filters",
    [{}, *({"dropped": load()} for load in LEFT_OUT.values()), {"kept": KEPT}],
    ids=["all", *LEFT_OUT, "known"],
)
def test_every_tokenizer_of_words_is_read_back(words, lowercase, filters):
    if words in ("punctuated", "any_script") and "kept" in filters:
        pytest.skip("lets no unknown words be left out")
    tokenizer = WordSplitter(words, lowercase, **filters).build_tokenizer(VOCAB)
    assert parse(tokenizer).to_str() == tokenizer.to_str()


@pytest.mark.parametrize("stop_words", ["keep", "drop"])
def test_every_tokenizer_of_pieces_is_read_back(stop_words):
    tokenizer = train_tokenizer(TEXTS, TokenizerConfig(words="wordpiece", stop_words=stop_words))
    assert parse(tokenizer).to_str() == tokenizer.to_str()


def test_what_the_encoder_ignores_is_dropped():
    tokenizer = Tokenizer(WordLevel(VOCAB, unk_token="<unk>"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.enable_padding(length=10**9)
    tokenizer.enable_truncation(1)
    read = parse(tokenizer)
    assert read.encode("film film").ids == [2, 2]


def test_what_transformers_adds_as_it_saves_is_taken_out():
    tokenizer = WordSplitter("letters", True).build_tokenizer(VOCAB)
    described = json.loads(tokenizer.to_str())
    first, second = ({"Sequence": {"id": name, "type_id": index}} for index, name in enumerate("AB"))
    template = {"type": "TemplateProcessing", "single": [first], "pair": [first, second], "special_tokens": {}}
    flags = dict.fromkeys(["single_word", "lstrip", "rstrip", "normalized"], False) | {"special": True}
    added = [{"id": index, "content": content, **flags} for index, content in enumerate(("<pad>", "<unk>"))]

    def read(template, added):
        content = json.dumps({**described, "post_processor": template, "added_tokens": added}).encode()
        return parse_tokenizer(content, "tokenizer.json")

    assert read(template, added).to_str() == tokenizer.to_str()
    with pytest.raises(InputError, match="its post_processor is TemplateProcessing"):
        read({**template, "single": [first] * 1_000}, added)
    with pytest.raises(InputError, match=r"^tokenizer\.json is not a tokenizer"):
        read(template, [{**added[0], "content": ["<pad>"]}])


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"\w+", "(?<!a)(?:film)(?!a)", "(?<!"])
def test_a_pattern_of_somebody_else_is_refused(pattern):
    described = json.loads(WordSplitter("letters", True).build_tokenizer(VOCAB).to_str())
    described["pre_tokenizer"]["pattern"]["Regex"] = pattern
    with pytest.raises(InputError, match=r"^tokenizer\.json: its pre_tokenizer is Split, .*; expected one that"):
        parse_tokenizer(json.dumps(described).encode(), "tokenizer.json")


def test_a_vocabulary_of_others_does_not_fit_the_pattern():
    tokenizer = WordSplitter("letters", True, kept={"film"}).build_tokenizer(VOCAB | {"plot": 4})
    with pytest.raises(InputError, match="its pre_tokenizer is Split"):
        parse(tokenizer)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"model": 1, "version": 2}', b'{"a": 1, "a": 2}'])
def test_what_is_no_tokenizer_is_refused(content):
    with pytest.raises(InputError, match=r"^tokenizer\.json"):
        parse_tokenizer(content, "tokenizer.json")


def test_a_panic_of_the_library_has_our_type(capfd):
    """As with a tokenizer of the user's own, which was never a file."""
    tokenizer = Tokenizer(WordLevel({"<pad>": 0, "<unk>": 1}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = Split(Regex(r"(a|a|aa)+$|(\w+)*x"), "removed", invert=True)
    config = ModelSettings().resolve(vocab_size=2, label_names=["a", "b"])
    encoder = Encoder(tokenizer, config)
    for act in (lambda text: encoder.encode([text]), encoder.locate):
        with pytest.raises(InputError, match=r"^the tokenizer fails at .*retry-limit-in-match over"):
            act("a" * 40 + "!")
    capfd.readouterr()  # what the library prints of it


def test_the_end_of_the_program_is_no_failure_of_the_tokenizer():
    for error in (KeyboardInterrupt, SystemExit):
        with pytest.raises(error), typed_failures("it fails"):
            raise error
