import itertools
import re
import string
import sys
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit

from hf_lstm.config import TokenizerConfig
from hf_lstm.config.recipes.published import STOPWORD_LSTM
from hf_lstm.errors import InputError
from hf_lstm.tokenization.build import train_tokenizer
from hf_lstm.tokenization.stop_words import LEFT_OUT, load_stop_words
from hf_lstm.tokenization.word_patterns import replace_surrogates
from hf_lstm.tokenization.word_splitter import WordSplitter, find_splitter

FILTERABLE_WORDS = ["word_characters", "letters", "whitespace", "unpunctuated"]
WORDS = [*FILTERABLE_WORDS, "punctuated"]
SHAPES = [(words, lowercase) for words in WORDS for lowercase in (True, False)]
FILTERABLE_SHAPES = [shape for shape in SHAPES if shape[0] in FILTERABLE_WORDS]

PATTERNS = {
    "word_characters": r"\b\w+\b",
    "letters": r"[^\W\d]+",
    "punctuated": r"\w+['’][tT]\b|\w+|['’](?:[sSmMdD]|[rRvV][eE]|[lL][lL])\b|[^\w\s]",
}

# Assigned in Python's edition of Unicode, yet read otherwise by the tokenizer: a later edition turned this mark from
# one that a final sigma looks past (Mn) into one that it does not (Mc).
CHANGED_CHARACTERS = {"\U0001171e"}
UNASSIGNED = ("Cn", "Co", "Cs")  # and private, and surrogates

# Characters at which readings of text differ, and whatever else Python's Unicode has.
TEXTS = st.text(
    st.one_of(
        st.sampled_from("aZ09_ '’.-<>/é½²Ⅷ٣中한\u0301\u200d\ufe0fΣσςΑİıſKẞǅ\x00\x1c\x1f\x85\xa0\u3000🎬\ud800\udfff"),
        st.characters(exclude_categories=["Cn"], exclude_characters=list(CHANGED_CHARACTERS)),
    )
)
TRICKY_TEXTS = [
    "", "  ", "Wow!", "it's", "snake_case __init__", "½ ² Ⅷ ٣ x²", "naïve cafe\u0301", "中文电影 한국어",
    "🎬 👩\u200d👧 ok", "ΟΔΟΣ ΟΔΟΣ. Σ ΣΑΣ", "Α'Σ Α:Σ' ΑΣ\u0301Α ʰΣ", "İstanbul IĞDIR", "a\x1cb\x1db\x1ee\x1ff",
    "a\x85b\xa0c\u2003d\u3000e", "<unk> <pad> <UNK>", "a\ud800b \udfff", "\ufeffa\u200bb", "<br /><br />",
    "DON'T! can’t 'tis t'was it's we're They'll rock'n'roll 'quoted' 's", "so<br/>bad <b>x</b> 1 < 2 > <3 </p",
]  # fmt: skip


def find_words(text: str, words: str, lowercase: bool) -> list[str]:
    if words == "punctuated":
        text = re.sub(r"</?[A-Za-z][^<>]*>", " ", text).translate(str.maketrans("‘’´“”", "'''\"\""))
    text = text.lower() if lowercase else text
    if words in PATTERNS:
        return re.findall(PATTERNS[words], text)
    return (text.translate(str.maketrans("", "", string.punctuation)) if words == "unpunctuated" else text).split()


def train(texts: list[str], **settings: object) -> Tokenizer:
    return train_tokenizer(texts, TokenizerConfig(**settings))


def vocab_in_order(tokenizer: Tokenizer) -> list[str]:
    return sorted(tokenizer.get_vocab(), key=tokenizer.token_to_id)


def test_frequency_order_breaks_ties_alphabetically() -> None:
    tokenizer = train(["b c a, A! b", "d b"])
    assert vocab_in_order(tokenizer) == ["<pad>", "<unk>", "b", "a", "c", "d"]


def test_alphabetical_order() -> None:
    tokenizer = train(["b c a A b", "d b"], order="alphabetical")
    assert vocab_in_order(tokenizer) == ["<pad>", "<unk>", "a", "b", "c", "d"]


def test_min_count_and_max_words_keep_the_most_frequent() -> None:
    texts = ["e e e d d d c c b b a"]
    assert vocab_in_order(train(texts, min_count=2))[2:] == ["d", "e", "b", "c"]
    assert vocab_in_order(train(texts, max_words=3))[2:] == ["d", "e", "b"]
    assert vocab_in_order(train(texts, max_words=3, order="alphabetical"))[2:] == ["b", "d", "e"]


def test_stop_words_stay_in_the_sequence_as_unknown() -> None:
    tokenizer = train(["The plot, and the cast"], stop_words="unknown")
    assert vocab_in_order(tokenizer) == ["<pad>", "<unk>", "cast", "plot"]
    assert tokenizer.encode("the plot and the cast").ids == [1, 3, 1, 1, 2]
    assert len(load_stop_words()) == 179


def test_words_are_cased_and_punctuated_as_configured() -> None:
    text = "It's Good-ish, good"
    assert train([text], words="whitespace", lowercase=False).encode(text).tokens == ["It's", "Good-ish,", "good"]
    assert train([text], lowercase=False).encode(text).tokens == ["It", "s", "Good", "ish", "good"]
    assert train([text]).encode(text).tokens == ["it", "s", "good", "ish", "good"]


def test_special_tokens_in_a_text_are_text() -> None:
    text = "an <unk> and a <pad>"
    tokenizer = train([text])
    assert tokenizer.encode(text).tokens == ["an", "unk", "and", "a", "pad"]
    assert vocab_in_order(train([text], words="whitespace"))[:2] == ["<pad>", "<unk>"]


def test_nothing_is_padded_or_cut() -> None:
    tokenizer = train(["a"])
    assert tokenizer.padding is None
    assert tokenizer.truncation is None
    assert len(tokenizer.encode("a " * 5000).ids) == 5000


@pytest.mark.parametrize(
    ("texts", "expected"),
    [([], "has a word"), (["", "?!", "😀"], "or choose .*words=punctuated"), (["a b c"], "at least 2 times")],
)
def test_refuses_an_empty_vocabulary(texts: list[str], expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        train(texts, min_count=2)
    if "punctuated" in expected:
        assert train(texts, words="punctuated").token_to_id("😀") is not None  # the remedy


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("text", TRICKY_TEXTS)
def test_tricky_texts_give_the_words_of_plain_python(text: str, shape: tuple[str, bool]) -> None:
    check_words(text, shape)


@given(text=TEXTS, shape=st.sampled_from(SHAPES))
@example("ΑΣ", ("whitespace", True))
def test_any_text_gives_the_words_of_plain_python(text: str, shape: tuple[str, bool]) -> None:
    check_words(text, shape)


def check_words(text: str, shape: tuple[str, bool]) -> None:
    text = replace_surrogates(text)
    expected = find_words(text, *shape)
    splitter = WordSplitter(*shape)
    tokenizer = splitter.build_tokenizer({word: index for index, word in enumerate({*expected, "<unk>"})})
    assert splitter.split(text) == expected
    assert tokenizer.encode(text).tokens == expected


@given(text=st.text(max_size=30), shape=st.sampled_from(SHAPES), max_words=st.integers(1, 5))
@example("é a\U00010d50b \U00010d50Σ", SHAPES[0], 2)  # a capital letter that came with Unicode 16
@example("é a\U00010d50b \U00010d50Σ", SHAPES[2], 2)
@example("α\U0001171eΣ", SHAPES[0], 2)
def test_splitter_gives_the_words_the_tokenizer_sees(text: str, shape: tuple[str, bool], max_words: int) -> None:
    """Also for characters that Python's edition of Unicode does not have."""
    check_splitter(WordSplitter(*shape), text, max_words)


@given(texts=st.lists(TEXTS, min_size=1, max_size=3), shape=st.sampled_from(SHAPES), data=st.data())
def test_words_are_left_out_as_a_filter_in_python_would(texts: list[str], shape: tuple[str, bool], data) -> None:
    text = replace_surrogates(" ".join(texts))
    words = find_words(text, *shape)
    chosen = set(data.draw(st.lists(st.sampled_from(words), max_size=3))) if words else set()
    chosen |= {word[:-1] for word in chosen if len(word) > 1}  # a word's beginning is another word
    dropping = WordSplitter(*shape, dropped=chosen)
    assert dropping.split(text) == [word for word in words if word not in chosen]
    check_splitter(dropping, text, 2)
    if shape in FILTERABLE_SHAPES:
        keeping = WordSplitter(*shape, kept=chosen)
        assert keeping.split(text) == [word for word in words if word in chosen]
        check_splitter(keeping, text, 2)


def check_splitter(splitter: WordSplitter, text: str, max_words: int) -> None:
    normalized = replace_surrogates(text)
    if splitter.normalizer is not None:
        normalized = splitter.normalizer.normalize_str(normalized)
    expected = [word for word, _ in splitter.pre_tokenizer.pre_tokenize_str(normalized)]
    assert splitter.split(text) == expected
    assert splitter.split(text, max_words) == expected[:max_words]


def test_marks_are_words_and_contractions_stay_readable() -> None:
    tokenizer = train(["It wasn't good"], words="punctuated")
    text = "I <i>DON'T</i> like it...<br />It's <3 'bad', wasn't it?"
    expected = "I DON'T like it . . . It 's < 3 ' bad ' , wasn't it ?".lower().split()
    assert WordSplitter("punctuated", True).split(text) == expected
    found = [text[slice(*place)].lower() for place in tokenizer.encode(text).offsets]
    assert found == expected  # the words are found again in the text


@pytest.mark.parametrize("words", ["punctuated", "any_script"])
def test_among_marks_unknown_words_stay(words: str) -> None:
    with pytest.raises(InputError, match=words):
        TokenizerConfig(words=words, unknown_words="drop")


def test_plain_words_are_dropped_and_what_turns_a_statement_stays() -> None:
    text = "A good-natured film, but I don't think the end (8/10) of it was worth the 'wait'... :) **** To-day?!"
    tokenizer = train([text], words="punctuated", stop_words="drop_plain")
    expected = "good natured film but i don't think end ( 8 / 10 ) it was worth wait : ) * * * * day ? !".split()
    encoding = tokenizer.encode(text)
    assert encoding.tokens == expected
    assert [text[slice(*place)].lower() for place in encoding.offsets] == expected
    assert set(vocab_in_order(tokenizer)) == {"<pad>", "<unk>", *expected}


def test_dropped_words_are_not_in_the_sequence() -> None:
    text = "The plot, and the cast of the plot 2"
    tokenizer = train([text], words="letters", stop_words="drop", unknown_words="drop", max_words=1)
    assert vocab_in_order(tokenizer) == ["<pad>", "<unk>", "plot"]
    assert tokenizer.encode("the cast's plot: the plot2 plots").tokens == ["plot", "plot"]
    tokenizer = train([text], stop_words="drop", max_words=1)
    assert tokenizer.encode("the cast, theatre and plot").tokens == ["<unk>", "<unk>", "plot"]


@pytest.mark.parametrize("words", WORDS)
def test_python_and_tokenizer_differ_only_where_editions_of_unicode_do(words: str) -> None:
    """Checks all that Python's edition assigns: alone, before a sigma, and between a letter and a sigma."""
    assigned = [char for char in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(char) not in UNASSIGNED]
    tokenizer = WordSplitter(words, lowercase=True).build_tokenizer({"<unk>": 0})

    def differs(characters: list[str]) -> bool:
        probes = " ".join(f"{char} {char}Σ α{char}Σ" for char in characters)
        normalized = tokenizer.normalizer.normalize_str(probes)
        seen = [word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normalized)]
        return seen != find_words(probes, words, lowercase=True)

    blocks = [assigned[start : start + 64] for start in range(0, len(assigned), 64)]
    different = {char for block in blocks if differs(block) for char in block if differs([char])}
    assert different <= CHANGED_CHARACTERS


LEAVING_OUT = [
    {},
    {"stop_words": "drop"},
    {"stop_words": "drop_plain"},
    {"unknown_words": "drop"},
    {"stop_words": "drop", "unknown_words": "drop"},
]


@pytest.mark.parametrize(
    ("shape", "leaving_out"),
    [
        *itertools.product(FILTERABLE_SHAPES, LEAVING_OUT),
        *itertools.product(SHAPES[len(FILTERABLE_SHAPES) :], LEAVING_OUT[:3]),
    ],
)
def test_find_splitter_knows_its_own_after_saving(tmp_path: Path, shape: tuple[str, bool], leaving_out: dict) -> None:
    text = "A-b the 2 É x"
    tokenizer = train(["É b the é"], words=shape[0], lowercase=shape[1], **leaving_out)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    splitter = find_splitter(Tokenizer.from_file(str(tmp_path / "tokenizer.json")))
    assert splitter is not None
    expected = find_words(text, *shape)
    if leaving_out.get("stop_words"):
        expected = [word for word in expected if word not in LEFT_OUT[leaving_out["stop_words"]]()]
    if leaving_out.get("unknown_words"):
        expected = [word for word in expected if word in tokenizer.get_vocab()]
    assert splitter.split(text) == expected


def test_find_splitter_knows_no_other() -> None:
    changed = train(["a b"])
    changed.enable_truncation(1)
    assert find_splitter(changed) is None
    changed = train(["a b"])
    changed.add_special_tokens(["<unk>"])
    assert find_splitter(changed) is None
    changed = train(["a b"])
    changed.pre_tokenizer = WhitespaceSplit()
    assert find_splitter(changed) is None
    kept = WordSplitter("letters", True, kept=["a", "b"])
    assert find_splitter(kept.build_tokenizer({"<unk>": 0, "a": 1})) is None
    two_words_in_one = WordSplitter("letters", True, kept=["a b"])  # a pattern that reaches across the blank
    assert find_splitter(two_words_in_one.build_tokenizer({"<unk>": 0, "a b": 1})) is None
    assert find_splitter(Tokenizer(WordLevel({"a": 0}))) is None


def test_transformers_reads_the_saved_tokenizer(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    for (words, lowercase), leaving_out in [
        *itertools.product(FILTERABLE_SHAPES, LEAVING_OUT),
        (("punctuated", True), {}),
    ]:
        texts = [replace_surrogates(text) for text in TRICKY_TEXTS]
        tokenizer = train(texts, words=words, lowercase=lowercase, max_words=20, **leaving_out)
        tokenizer.save(str(tmp_path / "tokenizer.json"))
        fast = transformers.PreTrainedTokenizerFast(tokenizer_file=str(tmp_path / "tokenizer.json"))
        for text in map(replace_surrogates, TRICKY_TEXTS):
            assert fast(text)["input_ids"] == tokenizer.encode(text).ids, text


def test_reviews_give_the_vocabulary_and_the_ids_of_plain_python(shared_data: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(shared_data / "imdb" / "plain_text" / "train-00000-of-00001.parquet", columns=["text"])
    reviews = table["text"].to_pylist()[::10]
    tokenizer = train_tokenizer(reviews, STOPWORD_LSTM.tokenizer)
    counts = Counter(word for review in reviews for word in re.findall(r"\b\w+\b", review.lower()))
    words = sorted(word for word, count in counts.items() if count >= 5 and word not in load_stop_words())
    vocab = {word: index for index, word in enumerate(["<pad>", "<unk>", *words])}
    assert tokenizer.get_vocab() == vocab
    for encoding, review in zip(tokenizer.encode_batch(reviews[:300]), reviews, strict=False):
        assert encoding.ids == [vocab.get(word, 1) for word in re.findall(r"\b\w+\b", review.lower())]


@pytest.mark.parametrize("words", [*WORDS, "any_script"])
def test_no_patterns_of_many_words_are_written_to_know_a_tokenizer_that_has_none(words: str, monkeypatch) -> None:
    """They take a third of a second of a large vocabulary, each time that a model is loaded."""
    tokenizer = train(["a fine film"], words=words)
    for module in ("word_patterns", "older_patterns"):
        monkeypatch.setattr(f"hf_lstm.tokenization.{module}.write_alternatives", lambda *_, **__: 1 / 0)
    splitter = find_splitter(tokenizer)
    assert splitter is not None
    assert splitter.words == words
