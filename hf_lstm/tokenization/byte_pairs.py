"""Builds tokenizers of byte pairs: pieces of any script, learned from texts, without unknown ones.

Words are runs of letters, marks and digits, and single other signs. Where a script sets no blanks, such a run is a
whole clause, and its pieces are what occurs often: characters, or words of a few characters. In languages with many
endings, they are stems and endings.

Reference: Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units" (2016), on bytes as in
Radford et al., "Language Models are Unsupervised Multitask Learners" (2019), section 2.2.
"""

import itertools
import json
from collections.abc import Iterable, Sequence

from tokenizers import Regex, Tokenizer
from tokenizers.models import BPE
from tokenizers.normalizers import Lowercase, Replace
from tokenizers.normalizers import Sequence as NormalizerSequence
from tokenizers.pre_tokenizers import ByteLevel, Split
from tokenizers.pre_tokenizers import Sequence as PreTokenizerSequence
from tokenizers.trainers import BpeTrainer

from hf_lstm.tokenization.word_patterns import WHITE_SPACE, replace_surrogates
from hf_lstm.tokenization.word_splitter import SPECIAL_TOKENS, UNK_TOKEN

DEFAULT_MAX_PIECES = 30_000
MAX_PIECE_BYTES = 16
"""Five characters of Chinese: without a limit, clauses that are repeated would become pieces."""
RUN = rf"[\p{{L}}\p{{M}}\p{{N}}_]+|[^{WHITE_SPACE}\p{{L}}\p{{M}}\p{{N}}_]"


def build_byte_pair_tokenizer(
    vocab: dict[str, int], merges: Sequence[tuple[str, str]], *, lowercase: bool
) -> Tokenizer:
    """Build the tokenizer of a vocabulary of pieces, and of the merges that make them, the first ones first."""
    tokenizer = Tokenizer(BPE(vocab, list(merges), unk_token=UNK_TOKEN))
    if lowercase:
        tokenizer.normalizer = NormalizerSequence([Replace("Σ", "σ"), Lowercase()])  # JavaScript's would write ς
    to_bytes = ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = PreTokenizerSequence([Split(Regex(RUN), "removed", invert=True), to_bytes])
    return tokenizer


def list_byte_letters() -> list[str]:
    """List the letters that stand for the bytes 0 to 255: those of Latin-1 that can be seen, and others in order."""
    seen = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = itertools.count(256)
    return [chr(byte if byte in seen else next(others)) for byte in range(256)]


def train_byte_pairs(texts: Iterable[str], *, max_pieces: int | None, min_count: int, lowercase: bool) -> Tokenizer:
    """Train a tokenizer of byte pairs on texts.

    Its vocabulary is `<pad>` 0, `<unk>` 1, the 256 bytes, then the merged pieces in the order in which they are
    learned. There are at most `max_pieces` besides the special two, but the bytes in any case.
    """
    bytes_ = sorted(ByteLevel.alphabet())
    trainer = BpeTrainer(
        vocab_size=len(SPECIAL_TOKENS) + (max_pieces or DEFAULT_MAX_PIECES),
        min_frequency=min_count,
        special_tokens=[*SPECIAL_TOKENS, *bytes_],  # so that they have the same ids in every run
        max_token_length=MAX_PIECE_BYTES,
        show_progress=False,
    )
    ids = {piece: index for index, piece in enumerate((*SPECIAL_TOKENS, *bytes_))}
    tokenizer = build_byte_pair_tokenizer(ids, [], lowercase=lowercase)
    tokenizer.train_from_iterator(map(replace_surrogates, texts), trainer)
    learned = json.loads(tokenizer.to_str())["model"]
    # Anew, as the trainer makes added tokens of the special ones, which would be looked for in the raw text.
    return build_byte_pair_tokenizer(
        learned["vocab"], [(first, second) for first, second in learned["merges"]], lowercase=lowercase
    )
