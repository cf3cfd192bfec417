"""Gives each byte a code that says what it is in a text: a comparison tells words from what is between them."""

import re
import string

import numpy as np
import numpy.typing as npt

from hf_lstm.tokenization.word_patterns import Words

BLANK = 0
FIRST_ODD = 126
"""Codes from here on are of bytes that make a piece odd: it takes more than a look at a table to know its words."""

_WORD_CHARACTERS: dict[Words, str] = {
    "word_characters": r"\w", "letters": r"[^\W\d]", "whitespace": r"\S", "unpunctuated": r"\S", "punctuated": r"\w",
    "any_script": r"\w",
}  # fmt: skip
_APOSTROPHE = "'"


class PieceCodes:
    """Codes bytes for one kind of words.

    A *piece* is a run of word characters, of the bytes of characters that are not ASCII, and, where words have
    apostrophes, of these; or it is a single mark, where marks are words. No word crosses a piece's ends.

    Args:
        words: how words are found.
        lowercase: whether the text is lower-cased first: ASCII letters of both cases have one code.

    Attributes:
        table: the code of each byte, for `bytes.translate`.
        deleted: bytes that are left out before words are found.
        original: the (lower-cased) byte of each code.
        num_marks: codes from 1 to this are marks; `BLANK` is between pieces, and all others are inside.
        apostrophe: its code where words have it, the only odd one in words of a table; else None.
    """

    def __init__(self, words: Words, lowercase: bool) -> None:
        is_inside = re.compile(_WORD_CHARACTERS[words], re.ASCII).fullmatch
        has_marks = words == "punctuated"
        self.deleted = string.punctuation.encode() if words == "unpunctuated" else b""
        odd = _APOSTROPHE if has_marks else ""
        self.apostrophe = FIRST_ODD if has_marks else None
        codes, marks, inside = {}, [], []
        for character in map(chr, range(128)):
            if character == "\0" or character in odd:
                codes[character] = FIRST_ODD + len(odd) * (character == "\0")  # zero is a code, so it cannot be a byte
            elif is_inside(character) and not character.isspace():
                inside.append(character)
            elif has_marks and not character.isspace():
                marks.append(character)
        self.num_marks = len(marks)
        inside = [each for each in inside if not (lowercase and each.isupper())]
        codes |= {each: code for code, each in enumerate([*marks, *inside], start=1)}
        assert max(codes[each] for each in [*marks, *inside]) < FIRST_ODD
        if lowercase:
            codes |= {each.upper(): codes[each] for each in string.ascii_lowercase}
        self.table = bytes(codes.get(chr(byte), BLANK) if byte < 128 else byte for byte in range(256))
        original = bytearray(b" " * 128 + bytes(range(128, 256)))
        for character, code in codes.items():
            original[code] = ord(character.lower() if lowercase else character)
        self.original = bytes(original)
        self._plain = bytes(code for code in range(256) if code < FIRST_ODD or code == self.apostrophe)

    def encode_word(self, word: str) -> bytes | None:
        """Return the codes of a word; None if no piece without odd bytes but apostrophes is this word."""
        if not word.isascii():
            return None
        original = word.encode()
        codes = original.translate(self.table)
        is_plain = not codes.translate(None, self._plain)  # nothing is left
        return codes if is_plain and codes.translate(self.original) == original else None


def mark_bytes(some: bytes) -> npt.NDArray[np.bool_]:
    """Mark some bytes among all 256: `mark_bytes(some)[codes]` says which codes are among them."""
    marks = np.zeros(256, dtype=np.bool_)
    marks[list(some)] = True
    return marks
