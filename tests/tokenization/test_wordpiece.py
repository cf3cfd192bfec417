import os
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from hf_lstm.config import TokenizerConfig
from hf_lstm.errors import InputError
from hf_lstm.tokenization.build import find_special_ids, train_tokenizer
from hf_lstm.tokenization.stop_words import load_stop_words
from hf_lstm.tokenization.word_patterns import replace_surrogates
from hf_lstm.tokenization.wordpiece import build_wordpiece_tokenizer, load_vocab

PIECES = ["[PAD]", "x", "[UNK]", "great", "film", "##s", "##ed", "!", "?", "br", "a", "##b", "i", "k", "un", "##great"]
VOCAB = {piece: index for index, piece in enumerate(PIECES)}
STOP_WORDS = load_stop_words()
TOKENIZER = build_wordpiece_tokenizer(VOCAB, dropped=STOP_WORDS)
TEXTS = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(
            "great GREAT! films unGreat the don't Theatre <br /> <BR> </p> <3 < > a ab K İ é 9 _ !? [UNK] ab"
        )
        | st.text("abtheunor<>/!? \n'", max_size=5)
    ).map(" ".join),
)
CONFIG = TokenizerConfig(words="wordpiece", stop_words="drop")


def find_clean_words(text: str) -> list[str]:
    text = re.sub(r"</?[A-Za-z][^<>]*>", " ", text)
    words = re.findall(r"[a-z]+|[!?]", re.sub(r"[^A-Za-z!?]", " ", text).lower())
    return [word for word in words if word not in STOP_WORDS]


def cut(word: str) -> list[str]:
    """Greedy longest match, as in BERT's paper."""
    pieces: list[str] = []
    while word:
        prefix = "##" if pieces else ""
        ends = [end for end in range(len(word), 0, -1) if prefix + word[:end] in VOCAB]
        if not ends:
            return ["[UNK]"]
        pieces.append(prefix + word[: ends[0]])
        word = word[ends[0] :]
    return pieces


@given(text=TEXTS)
def test_pieces_are_those_of_the_clean_words(text):
    text = replace_surrogates(text)
    expected = [piece for word in find_clean_words(text) for piece in cut(word)]
    assert TOKENIZER.encode(text).tokens == expected


def test_tags_go_letters_and_marks_stay_stop_words_are_left_out():
    text = "Great films!<br /><br />I didn't see <i>ungreat</i> ones, did you? 5 < 6 [PAD]"
    assert find_clean_words(text) == ["great", "films", "!", "see", "ungreat", "ones", "?", "pad"]
    expected = ["great", "film", "##s", "!", "[UNK]", "un", "##great", "[UNK]", "?", "[UNK]"]
    assert TOKENIZER.encode(text).tokens == expected


@given(text=TEXTS)
def test_transformers_cuts_the_clean_words_alike(text, bert):
    text = replace_surrogates(text)
    assert TOKENIZER.encode(text).ids == bert(" ".join(find_clean_words(text)), add_special_tokens=False)["input_ids"]


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    transformers = pytest.importorskip("transformers")
    path = tmp_path_factory.mktemp("bert") / "tokenizer.json"
    TOKENIZER.save(str(path))
    return transformers.PreTrainedTokenizerFast(tokenizer_file=str(path))


def test_the_vocabulary_is_a_file_with_the_ids_of_its_lines(tmp_path):
    path = tmp_path / "vocab.txt"
    for line_end, encoding in (("\n", "utf-8"), ("\r\n", "utf-8-sig")):  # the latter with a byte order mark
        path.write_bytes(line_end.join([*PIECES, ""]).encode(encoding))
        assert load_vocab(str(path)) == VOCAB
    tokenizer = train_tokenizer([], TokenizerConfig(words="wordpiece", vocab=str(path)))
    assert find_special_ids(tokenizer) == (0, 2)
    assert tokenizer.encode("The great").tokens == ["[UNK]", "great"]


def test_the_vocabulary_comes_from_the_hub(hub, tmp_path, monkeypatch):
    hub.add_repo("org/bert", files={"vocab.txt": "\n".join(PIECES).encode()})
    assert load_vocab("org/bert") == VOCAB


@pytest.mark.parametrize("source", ["org/no-such-model", "no such model"])
def test_a_hub_without_it_is_one_line_that_says_how_to_pass_the_file(hub, source):
    with pytest.raises(InputError, match=r"--set tokenizer.vocab=PATH") as caught:
        load_vocab(source)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[PAD]\n[UNK]\na\nb\na\n", r"line 5: 'a' stands in line 3 already"),
        (b"a\nb\n", r"has no \[PAD\] and no \[UNK\]"),
        (b"[PAD]\n[UNK]\n\xff\n", "UTF-8"),
    ],
)
def test_a_damaged_vocabulary_is_refused(tmp_path, content, message):
    path = tmp_path / "vocab.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        load_vocab(str(path))


def test_a_missing_vocabulary_file_is_not_looked_for_on_the_hub(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        load_vocab(str(tmp_path / "vocab.txt"))


def test_pieces_are_learned_from_the_texts():
    texts = ["great films, great film", "the greatest film!"] * 3
    tokenizer = train_tokenizer(texts, CONFIG)
    assert find_special_ids(tokenizer) == (0, 1)
    vocab = tokenizer.get_vocab()
    assert sorted(vocab.values()) == list(range(len(vocab)))
    assert tokenizer.encode("The greatest films!").tokens == ["greatest", "films", "!"]
    assert Tokenizer.from_str(tokenizer.to_str()).encode("great [PAD]").ids == tokenizer.encode("great [PAD]").ids
    assert train_tokenizer(texts, CONFIG).to_str() == tokenizer.to_str()
    small = train_tokenizer(texts, TokenizerConfig(words="wordpiece", max_words=60))
    assert small.get_vocab_size() == 62


def test_reviews_give_the_ids_of_berts_own_tokenizer(shared_data):
    parquet = pytest.importorskip("pyarrow.parquet")
    transformers = pytest.importorskip("transformers")
    path = shared_data / "bert-base-uncased" / "vocab.txt"
    tokenizer = train_tokenizer([], TokenizerConfig(words="wordpiece", stop_words="drop", vocab=str(path)))
    assert tokenizer.get_vocab_size() == 30_522
    assert find_special_ids(tokenizer) == (0, 100)
    bert = transformers.BertTokenizer(str(path))
    table = parquet.read_table(shared_data / "imdb" / "plain_text" / "test-00000-of-00001.parquet", columns=["text"])
    for review in table["text"].to_pylist()[::250]:
        expected = bert(" ".join(find_clean_words(review)), add_special_tokens=False, truncation=False)["input_ids"]
        assert tokenizer.encode(review).ids == expected


def test_settings_that_pieces_do_not_use_are_logged(tmp_path, caplog):
    (tmp_path / "vocab.txt").write_text("[PAD]\n[UNK]\nfilm\n")
    config = TokenizerConfig(words="wordpiece", vocab=str(tmp_path / "vocab.txt"))
    train_tokenizer((), config)
    assert caplog.text == ""
    train_tokenizer((), replace(config, min_count=2, max_words=9, order="alphabetical"))
    assert "min_count=2, max_words=9, order=alphabetical is not used, since tokenizer.vocab is fixed" in caplog.text


def test_a_vocabulary_without_end_is_not_read(tmp_path):
    (tmp_path / "vocab.txt").touch()
    os.truncate(tmp_path / "vocab.txt", 2**36)
    with pytest.raises(InputError, match=r"vocab\.txt has 68,719,476,736 bytes, but such a file has at most"):
        load_vocab(str(tmp_path / "vocab.txt"))
