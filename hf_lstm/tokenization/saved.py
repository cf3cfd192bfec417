"""Reads a saved tokenizer without trust.

The `tokenizers` library runs whatever its file says: patterns that take hours, steps that make gigabytes of a letter,
and tables whose damage ends the process. So a file is looked at before, and has only parts that are known to be
harmless: those that `build_tokenizer`, `build_wordpiece_tokenizer` and `build_byte_pair_tokenizer` write, and some that
have no settings.
"""

import functools
import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, get_args

from tokenizers import Tokenizer

from hf_lstm.errors import InputError, shorten
from hf_lstm.files.reading import build_object
from hf_lstm.tokenization.byte_pairs import build_byte_pair_tokenizer
from hf_lstm.tokenization.older_patterns import PARTS, age_byte_pairs
from hf_lstm.tokenization.stop_words import LEFT_OUT
from hf_lstm.tokenization.word_patterns import Words
from hf_lstm.tokenization.word_splitter import SPECIAL_TOKENS, UNK_TOKEN
from hf_lstm.tokenization.wordpiece import build_wordpiece_tokenizer

MAX_WORD_CHARACTERS = 1_000
"""Of words that WordPiece cuts: its time grows with the square. BERT's limit is 100."""
MAX_STEPS = 8
"""Of a normalizer."""
_PLAIN_NORMALIZERS = ("Lowercase", "NFC", "NFD", "NFKC", "NFKD", "StripAccents")
_PLAIN_PRE_TOKENIZERS = ("BertPreTokenizer", "Whitespace", "WhitespaceSplit")
_MODEL_SETTINGS = {
    "WordLevel": {"type", "vocab", "unk_token"},
    "WordPiece": {"type", "vocab", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word"},
    "BPE": {
        "type", "vocab", "merges", "unk_token", "dropout", "continuing_subword_prefix", "end_of_word_suffix",
        "fuse_unk", "byte_fallback", "ignore_merges",
    },
}  # fmt: skip
_NOT_OURS = ("dropout", "continuing_subword_prefix", "end_of_word_suffix")
"""Settings of byte pairs. With dropout, a text's ids would be others each time."""
_UNUSED_FIELDS = ("truncation", "padding", "post_processor")
"""Which `Encoder` ignores, or which change nothing, and so are not read."""
_TEMPLATE_OF_TRANSFORMERS = {
    "type": "TemplateProcessing",
    "single": [{"Sequence": {"id": "A", "type_id": 0}}],
    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
    "special_tokens": {},
}
"""What transformers saves as the post-processor of a tokenizer that has none: it adds no token."""
_FIELDS = {
    "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder",
    "model",
}  # fmt: skip


def parse_tokenizer(content: bytes, where: str) -> Tokenizer:
    """Build the tokenizer that a file describes.

    Args:
        content: of a tokenizer.json.
        where: the file's name, for messages.

    Raises:
        InputError: it is damaged, or has a part that is not known to be harmless.
    """
    try:
        described = json.loads(content.decode("utf-8"), object_pairs_hook=build_object)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where} is not a tokenizer: {shorten(error)}") from None
    check_tokenizer(described, where)
    if any(described.get(name) is not None for name in _UNUSED_FIELDS):
        if described.get("post_processor") is not None:
            _undo_transformers(described)
        content = json.dumps({**described, **dict.fromkeys(_UNUSED_FIELDS)}).encode()
    with typed_failures(f"{where} is not a tokenizer"):
        return Tokenizer.from_buffer(content)


def _undo_transformers(described: dict[str, Any]) -> None:
    """Take out the added tokens of a tokenizer that transformers saved: a text that mentions <pad> has the word pad."""
    vocab = described["model"]["vocab"]
    added = described.get("added_tokens", [])
    described["added_tokens"] = [token for token in added if vocab.get(str(token.get("content"))) != token.get("id")]


def check_tokenizer(described: object, where: str) -> None:
    """Check that a tokenizer has only parts that are known to be harmless.

    Args:
        described: what its file holds.
        where: the file's name, for messages.

    Raises:
        InputError: it has another part; the message names it.
    """
    if not isinstance(described, dict) or not {"model", "version"} <= described.keys() <= _FIELDS:
        raise InputError(f"{where} is not a tokenizer: expected a JSON object with {', '.join(sorted(_FIELDS))}")
    for name, allowed in (("post_processor", (None, _TEMPLATE_OF_TRANSFORMERS)), ("decoder", (None,))):
        if described.get(name) not in allowed:
            raise _refuse(where, name, described[name])
    vocab = _check_model(described["model"], where)
    if not _is_list_of_objects(described.get("added_tokens", [])):
        raise _refuse(where, "added_tokens", described["added_tokens"])
    normalizer = described.get("normalizer")
    steps: Any = [normalizer]
    if isinstance(normalizer, dict) and _get_type(normalizer) == "Sequence":
        steps = normalizer.get("normalizers")
    if not isinstance(steps, list) or len(steps) > MAX_STEPS:
        raise _refuse(where, "normalizer", normalizer)
    for step in steps:
        if not (step is None or _is_plain(step, _PLAIN_NORMALIZERS) or step in _list_own_steps()):
            raise _refuse(where, "normalizer", step)
    splitter = described.get("pre_tokenizer")
    if not (splitter is None or _is_plain(splitter, _PLAIN_PRE_TOKENIZERS) or _is_own_splitter(splitter, vocab)):
        raise _refuse(where, "pre_tokenizer", splitter)


@contextmanager
def typed_failures(what: str) -> Iterator[None]:
    """Turn whatever the `tokenizers` library raises into an `InputError` that begins with `what`."""
    try:
        yield
    except (InputError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # its panics are no `Exception`
        raise InputError(f"{what}: {shorten(error)}") from None


def _check_model(model: Any, where: str) -> Mapping[str, Any]:
    """Check the model of a tokenizer, and return its vocabulary."""
    known = _MODEL_SETTINGS.get(_get_type(model) or "")
    if known is None or not model.keys() <= known or not isinstance(model.get("vocab"), dict):
        raise _refuse(where, "model", model)
    longest = model.get("max_input_chars_per_word", 0)
    if not isinstance(longest, int) or longest > MAX_WORD_CHARACTERS:
        raise InputError(
            f"{where}: max_input_chars_per_word is {shorten(longest)}, but must be at most {MAX_WORD_CHARACTERS}"
        )
    if model["type"] == "BPE" and any(model.get(name) for name in _NOT_OURS):
        raise _refuse(where, "model", model)
    vocab: Mapping[str, Any] = model["vocab"]
    return vocab


@functools.cache
def _list_own_steps() -> list[dict[str, Any]]:
    """List the steps of all normalizers that we write."""
    normalizers = [build(words, True) for build, _ in PARTS.values() for words in get_args(Words)]
    normalizers.append(build_wordpiece_tokenizer({"[UNK]": 0}, dropped=()).normalizer)
    described = [_describe(each) for each in normalizers if each is not None]
    return [step for each in described for step in each["normalizers"]]


@functools.cache
def _list_own_splitters(*, leaves_out: bool) -> list[dict[str, Any]]:
    """List all pre-tokenizers that we write, but those of one vocabulary: those that leave out stop words, or not."""
    left_out = [load() for load in LEFT_OUT.values()] if leaves_out else [frozenset[str]()]
    builders = {build for _, build in PARTS.values()}
    splitters = [
        build(words, dropped=dropped) for build in builders for words in get_args(Words) for dropped in left_out
    ]
    # Of pieces, the stop words alone can be left out, which come first.
    splitters.append(build_wordpiece_tokenizer({"[UNK]": 0}, dropped=left_out[0]).pre_tokenizer)
    described = list(map(_describe, splitters))
    if leaves_out:
        return described
    byte_pairs = _describe(build_byte_pair_tokenizer({UNK_TOKEN: 0}, [], lowercase=True).pre_tokenizer)
    return [*described, byte_pairs, age_byte_pairs({"pre_tokenizer": byte_pairs})["pre_tokenizer"]]


def _is_own_splitter(splitter: Any, vocab: Mapping[str, Any]) -> bool:
    """Tell whether we write this pre-tokenizer: for any vocabulary, or for this one, whose words alone it keeps."""
    # Those without stop words first: the patterns of the others take time to write.
    if any(splitter in _list_own_splitters(leaves_out=leaves_out) for leaves_out in (False, True)):
        return True
    pattern = splitter.get("pattern") if isinstance(splitter, dict) else None
    regex = pattern.get("Regex") if isinstance(pattern, dict) else None
    if not isinstance(regex, str) or not regex.startswith("(?<!"):
        return False  # at once: the patterns of a vocabulary take time to write
    known_words = set(vocab) - set(SPECIAL_TOKENS)
    return any(
        splitter == _describe(build(words, kept=known_words))
        for build in {build for _, build in PARTS.values()}
        for words in get_args(Words)
    )


def _describe(part: Any) -> Any:
    """Return what a file says of a normalizer or a pre-tokenizer."""
    return json.loads(part.__getstate__())


def _is_plain(part: Any, types: Collection[str]) -> bool:
    """Tell whether a part is of one of some types, and has no settings."""
    return isinstance(part, dict) and part.keys() == {"type"} and _get_type(part) in types


def _get_type(part: Any) -> str | None:
    kind = part.get("type") if isinstance(part, dict) else None
    return kind if isinstance(kind, str) else None


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _refuse(where: str, name: str, part: object) -> InputError:
    kind = _get_type(part)
    shown = f"{kind}, {shorten(part)}" if kind else shorten(part)
    return InputError(
        f"{where}: its {name} is {shown}; expected one that hf_lstm writes, as others may run for hours or end the "
        "process"
    )
