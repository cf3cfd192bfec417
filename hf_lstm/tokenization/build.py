"""Trains tokenizers on texts.

Their ids are exactly a look-up of the words that plain Python finds, or those of BERT's pieces.
"""

import dataclasses
import itertools
import logging
from collections import Counter
from collections.abc import Iterable, Sequence

from tokenizers import Tokenizer

from hf_lstm.config import TokenizerConfig
from hf_lstm.errors import InputError
from hf_lstm.tokenization.byte_pairs import train_byte_pairs
from hf_lstm.tokenization.stop_words import LEFT_OUT, load_stop_words
from hf_lstm.tokenization.word_splitter import PAD_TOKEN, SPECIAL_TOKENS, UNK_TOKEN, WordSplitter
from hf_lstm.tokenization.wordpiece import PAD_PIECE, UNK_PIECE, build_wordpiece_tokenizer, load_vocab, train_vocab

logger = logging.getLogger(__name__)


def train_tokenizer(texts: Iterable[str], config: TokenizerConfig) -> Tokenizer:
    """Train a tokenizer on the words of texts.

    Its vocabulary is `<pad>` 0, `<unk>` 1, then the words in order. With `wordpiece` it has pieces; if `config` names
    a vocabulary, it is that one, with its own ids.
    Nothing is truncated or padded; see `hf_lstm.encoding.encoder.Encoder` for a faster way to use the tokenizer.

    Raises:
        InputError: no word is left for the vocabulary, or the one named cannot be had.
    """
    if config.words == "bpe":
        _warn_of_unused_settings(config)
        return train_byte_pairs(
            texts, max_pieces=config.max_words, min_count=config.min_count, lowercase=config.lowercase
        )
    if config.words == "wordpiece":
        dropped = load_stop_words() if config.stop_words == "drop" else frozenset[str]()
        _warn_of_unused_settings(config)
        if config.vocab is not None:
            return build_wordpiece_tokenizer(load_vocab(config.vocab), dropped=dropped)
        vocab = train_vocab(texts, max_pieces=config.max_words, min_count=config.min_count, dropped=dropped)
        return build_wordpiece_tokenizer(vocab, dropped=dropped)
    splitter = WordSplitter(config.words, config.lowercase)
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(splitter.split(text))
    words = _choose_words(counts, config)
    if not counts:
        has_marks = config.words == "punctuated"
        other = "" if has_marks else ", or choose --set tokenizer.words=punctuated, which keeps marks and emojis"
        raise InputError(
            f"no text of train has a word, as tokenizer.words={config.words} cuts them; give texts with words{other}"
        )
    if not words:
        raise InputError(
            f"the training texts have {len(counts)} different words, but none is left for the vocabulary: "
            f"expected words that occur at least {config.min_count} times; give more text or lower tokenizer.min_count"
        )
    if config.unknown_words == "drop":
        splitter = WordSplitter(config.words, config.lowercase, kept=words)
    elif config.stop_words in LEFT_OUT:
        splitter = WordSplitter(config.words, config.lowercase, dropped=LEFT_OUT[config.stop_words]())
    vocab = {word: index for index, word in enumerate(itertools.chain(SPECIAL_TOKENS, words))}
    return splitter.build_tokenizer(vocab)


def find_special_ids(tokenizer: Tokenizer) -> tuple[int, int]:
    """Find the ids of padding and of unknown words.

    They are those of `<pad>` and `<unk>`, or of `[PAD]` and `[UNK]`.

    Raises:
        InputError: the tokenizer has neither pair.
    """
    for pair in ((PAD_TOKEN, UNK_TOKEN), (PAD_PIECE, UNK_PIECE)):
        pad_token_id, unk_token_id = map(tokenizer.token_to_id, pair)
        if pad_token_id is not None and unk_token_id is not None:
            return pad_token_id, unk_token_id
    raise InputError(
        f"the tokenizer has neither {PAD_TOKEN} and {UNK_TOKEN} nor {PAD_PIECE} and {UNK_PIECE}: expected one pair"
    )


def _warn_of_unused_settings(config: TokenizerConfig) -> None:
    """Log the settings that pieces of words don't use: a vocabulary that is given has its own choice and order."""
    names = ("order",) if config.vocab is None else ("min_count", "max_words", "order")
    defaults = {field.name: field.default for field in dataclasses.fields(TokenizerConfig)}
    unused = [f"{name}={getattr(config, name)}" for name in names if getattr(config, name) != defaults[name]]
    if unused:
        why = (
            "pieces are in the order in which they are learned" if config.vocab is None else "tokenizer.vocab is fixed"
        )
        logger.warning("tokenizer: %s is not used, since %s", ", ".join(unused), why)


def _choose_words(counts: Counter[str], config: TokenizerConfig) -> Sequence[str]:
    """Choose the words of the vocabulary, in the order of their ids."""
    stop_words = () if config.stop_words == "keep" else LEFT_OUT.get(config.stop_words, load_stop_words)()
    excluded = {*SPECIAL_TOKENS, *stop_words}
    words = [word for word, count in counts.items() if count >= config.min_count and word not in excluded]
    words.sort(key=lambda word: (-counts[word], word))
    words = words[: config.max_words]
    return sorted(words) if config.order == "alphabetical" else words
