r"""Builds WordPiece tokenizers over the words of cleaned reviews.

HTML tags are blanked, letters and `!?` kept and lower-cased, stop words left out. In plain Python, the words are:

    text = re.sub(r"</?[A-Za-z][^<>]*>", " ", text)
    re.findall(r"[a-z]+|[!?]", re.sub(r"[^A-Za-z!?]", " ", text).lower())

less the stop words. Each is cut as BERT cuts it: greedily into the longest pieces that the vocabulary has, or `[UNK]`.

Reference: Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers" (2019), section 3.
"""

import os
import string
from collections.abc import Collection, Iterable

from tokenizers import Regex, Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import Lowercase, Replace, Sequence
from tokenizers.pre_tokenizers import Split
from tokenizers.trainers import WordPieceTrainer

from hf_lstm.errors import InputError
from hf_lstm.files.names import expand_home
from hf_lstm.files.reading import read_bytes
from hf_lstm.hub.download import fetch_hub_file
from hf_lstm.tokenization.word_patterns import TAG, replace_surrogates, write_alternatives

PAD_PIECE = "[PAD]"
UNK_PIECE = "[UNK]"
DEFAULT_MAX_PIECES = 30_520
"""With the two special ones, as many as `bert-base-uncased` has."""

_CONTINUATION = "##"
_MAX_VOCAB_BYTES = 64 * 2**20  # those of BERT have a few, of a hundred languages
_MAX_CHARACTERS_PER_WORD = 100  # BERT's; longer words are unknown


def build_wordpiece_tokenizer(vocab: dict[str, int], *, dropped: Collection[str]) -> Tokenizer:
    """Build the tokenizer of a vocabulary of pieces, leaving out the words `dropped`."""
    tokenizer = Tokenizer(
        WordPiece(
            vocab,
            unk_token=UNK_PIECE,
            continuing_subword_prefix=_CONTINUATION,
            max_input_chars_per_word=_MAX_CHARACTERS_PER_WORD,
        )
    )
    tokenizer.normalizer = Sequence(
        [Replace(Regex(TAG), " "), Replace(Regex("[^A-Za-z!?]"), " "), Lowercase()],
    )
    unless_dropped = f"(?!{write_alternatives(dropped)}(?![a-z]))" if dropped else ""
    pattern = f"(?<![a-z]){unless_dropped}[a-z]+|[!?]"
    tokenizer.pre_tokenizer = Split(Regex(pattern), "removed", invert=True)  # removes what does not match
    return tokenizer


def train_vocab(
    texts: Iterable[str], *, max_pieces: int | None, min_count: int, dropped: Collection[str]
) -> dict[str, int]:
    """Train a vocabulary of pieces on texts.

    It is `[PAD]` 0, `[UNK]` 1, the 54 single characters, then others. There are at most `max_pieces` besides the
    special two, but the characters in any case.
    """
    special_pieces = [PAD_PIECE, UNK_PIECE]
    letters = string.ascii_lowercase
    trainer = WordPieceTrainer(
        vocab_size=len(special_pieces) + (max_pieces or DEFAULT_MAX_PIECES),
        min_frequency=min_count,
        # The trainer numbers characters as it meets them in a hash map, and breaks ties by number: given first, they
        # have the same numbers, and the texts the same vocabulary, in every run.
        special_tokens=[*special_pieces, *letters, "!", "?", *(_CONTINUATION + letter for letter in letters)],
        continuing_subword_prefix=_CONTINUATION,
        show_progress=False,
    )
    tokenizer = build_wordpiece_tokenizer({piece: index for index, piece in enumerate(special_pieces)}, dropped=dropped)
    tokenizer.train_from_iterator(map(replace_surrogates, texts), trainer)
    vocab: dict[str, int] = tokenizer.get_vocab()
    return vocab


def load_vocab(source: str) -> dict[str, int]:
    """Load a vocabulary of pieces from a path or the Hub.

    It is a `vocab.txt`, or that of a model on the Hub.

    Raises:
        InputError: there is none, the Hub cannot be reached, or the file is no vocabulary of pieces.
    """
    path = expand_home(source)
    if not os.path.isfile(path):  # unlike `Path.is_file`, it takes names of any length
        if path.suffix == ".txt" or path.is_absolute() or source.startswith((".", "~")) or os.path.exists(path):
            raise InputError(f"tokenizer.vocab={source}: there is no such file; expected a vocab.txt")
        remedy = "or pass a vocab.txt with --set tokenizer.vocab=PATH, or train one with --set tokenizer.vocab=none"
        path = fetch_hub_file(source, "vocab.txt", what=f"the vocabulary of {source!r}", remedy=remedy)
    try:
        lines = read_bytes(path, _MAX_VOCAB_BYTES).decode("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"tokenizer.vocab={source}: cannot be read as UTF-8 text: {error}") from None
    pieces = [line.rstrip("\r") for line in (lines[:-1] if lines[-1] == "" else lines)]
    vocab: dict[str, int] = {}
    for number, piece in enumerate(pieces, start=1):
        if piece in vocab:
            raise InputError(
                f"{path}, line {number}: {piece!r} stands in line {vocab[piece] + 1} already; expected a piece a line"
            )
        vocab[piece] = number - 1
    missing = [piece for piece in (PAD_PIECE, UNK_PIECE) if piece not in vocab]
    if missing:
        raise InputError(f"{path}: has no {' and no '.join(missing)}; expected the vocab.txt of a BERT model")
    return vocab
