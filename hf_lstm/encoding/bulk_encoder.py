"""Encodes many texts at once, on their bytes, while other threads run."""

import itertools
import math
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from hf_lstm.encoding.apostrophes import ApostropheFinder
from hf_lstm.encoding.piece_codes import BLANK, FIRST_ODD, PieceCodes, mark_bytes
from hf_lstm.encoding.word_table import MAX_BYTES, WordTable, pad_bytes
from hf_lstm.tokenization.word_splitter import WordSplitter

_DROPPED = -1
_CHUNK_CHARACTERS = 2**20
"""Texts are encoded together up to this size: between NumPy's calls a thread needs Python's lock, and on smaller arrays
they are so short that two threads mostly wait for each other. One thread is as fast with a quarter of it."""
_MIN_CHUNK_CHARACTERS = 2**17
"""Many threads get no smaller chunks than this, for the same reason."""
_MAX_OTHER_SHARE = 0.1
"""Bytes more than characters in a text, at most: with many that are not ASCII, a whole text is split faster."""
_MAX_KNOWN_PIECES = 2**16
_MAX_KNOWN_BYTES = 64
"""Of a piece whose ids are kept: longer ones hardly come again, and one may be a whole text."""

_NOTHING = np.empty(0, dtype=np.int32)

Ids = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]


class BulkEncoder:
    """Finds the ids of a splitter's words in many texts at once.

    Texts are cut into pieces, as `PieceCodes` says. Most are a short ASCII word, whose id a table has. The splitter
    splits the others. It also splits whole texts in which a capital sigma may depend on the next piece, or much is not
    ASCII.

    Args:
        splitter: gives the words.
        vocab: ids by word; those that come first are found fastest.
        unk_token_id: the id of other words.
    """

    def __init__(self, splitter: WordSplitter, vocab: Mapping[str, int], unk_token_id: int) -> None:
        self._splitter, self._vocab, self._unk_token_id = splitter, vocab, unk_token_id
        self._codes = PieceCodes(splitter.words, splitter.lowercase)
        self._apostrophes = ApostropheFinder(self._codes)
        ids = {word: index if splitter.keeps(word) else _DROPPED for word, index in vocab.items()}
        ids |= dict.fromkeys(splitter.dropped, _DROPPED)
        coded = {code: index for word, index in ids.items() if (code := self._codes.encode_word(word))}
        self._table = WordTable(coded, unk_token_id if splitter.keeps_unknown else _DROPPED)
        self._known_pieces: dict[bytes, list[int]] = {}

    def encode_chunk(self, texts: Sequence[str]) -> tuple[Ids, Places]:
        """Encode texts that `cut_chunks` put together.

        Returns:
            The ids of all words, end to end, and the number of words of each text.
        """
        coded = [self._code(text) for text in texts]
        parts: list[tuple[Ids, Places]] = []
        for is_coded, numbers in itertools.groupby(range(len(texts)), key=lambda number: coded[number] is not None):
            if is_coded:
                parts.append(self._encode_coded([row for number in numbers if (row := coded[number]) is not None]))
            else:
                parts += [self._encode_by_splitter(texts[number]) for number in numbers]
        ids, counts = zip(*parts, strict=True)
        return np.concatenate(ids), np.concatenate(counts)

    def _code(self, text: str) -> bytes | None:
        """Return the codes of a text; None for one that has to be split as a whole."""
        if text.isascii():
            return text.encode().translate(self._codes.table, self._codes.deleted)
        if self._splitter.lowercase and "Σ" in text:
            return None
        try:
            encoded = text.encode()
        except UnicodeEncodeError:  # lone surrogates
            return None
        if len(encoded) > len(text) * (1 + _MAX_OTHER_SHARE):
            return None
        return encoded.translate(self._codes.table, self._codes.deleted)

    def _encode_by_splitter(self, text: str) -> tuple[Ids, Places]:
        ids = self._look_up(text)
        return np.array(ids, dtype=np.int32), np.array([len(ids)])

    def _look_up(self, text: str) -> list[int]:
        return [self._vocab.get(word, self._unk_token_id) for word in self._splitter.split(text)]

    def _encode_coded(self, rows: Sequence[bytes]) -> tuple[Ids, Places]:
        blank = bytes([BLANK])
        joined = blank.join([b"", *rows, b""])
        text = bytearray(pad_bytes(joined))
        codes = np.frombuffer(text, dtype=np.uint8)
        row_starts = np.cumsum(np.fromiter(map(len, rows), dtype=np.int64, count=len(rows)) + 1)
        row_starts = np.concatenate([[1], row_starts + 1])
        if self._codes.num_marks:
            self._blank_tags(codes, row_starts)
        is_odd = codes >= FIRST_ODD
        starts, lengths = self._find_pieces(codes, is_odd)
        ids = self._table.look_up(np.frombuffer(text, dtype="<u8"), starts, lengths)
        bounds = np.searchsorted(starts, row_starts)
        odd = _find_odd(is_odd, starts, lengths)
        if len(odd):
            places = zip(starts[odd].tolist(), lengths[odd].tolist(), strict=True)
            words = [self._split_piece(bytes(text[start : start + length])) for start, length in places]
            ids, bounds = _replace(ids, bounds, odd, words)
        is_kept = ids != _DROPPED
        if not is_kept.all():
            ids, bounds = ids[is_kept], np.concatenate([[0], np.cumsum(is_kept)])[bounds]
        return ids, np.diff(bounds)

    def _find_pieces(self, codes: npt.NDArray[np.uint8], is_odd: npt.NDArray[np.bool_]) -> tuple[Places, Places]:
        """Find where pieces start, and their lengths; what is not odd after all is no longer marked as odd."""
        is_inside = codes > self._codes.num_marks
        if not self._codes.num_marks:
            edges = np.flatnonzero(is_inside[1:] != is_inside[:-1])
            return edges[::2] + 1, edges[1::2] - edges[::2]
        is_mark = ~is_inside[1:-1] & (codes[1:-1] != BLANK)
        is_start = (is_inside[1:-1] & ~is_inside[:-2]) | is_mark  # of the places from 1 on
        is_end = (is_inside[1:-1] & ~is_inside[2:]) | is_mark
        known, first, alone = self._apostrophes.find(codes)
        is_odd[known] = False
        is_start[first - 1] = is_end[alone - 1] = True
        is_end[first[is_inside[first - 1]] - 2] = True
        is_start[alone[is_inside[alone + 1]]] = True
        starts = np.flatnonzero(is_start)
        return starts + 1, np.flatnonzero(is_end) - starts + 1

    def _blank_tags(self, codes: npt.NDArray[np.uint8], row_starts: Places) -> None:
        """Blank what `TAG` finds: tags of HTML."""
        less, greater, slash = b"<>/".translate(self._codes.table)
        is_letter = mark_bytes(string.ascii_letters.encode().translate(self._codes.table))
        angles = np.flatnonzero((codes == less) | (codes == greater))
        is_pair = (codes[angles[:-1]] == less) & (codes[angles[1:]] == greater)
        starts, ends = angles[:-1][is_pair], angles[1:][is_pair]
        initials = codes[starts + 1]
        initials = np.where(initials == slash, codes[starts + 2], initials)
        is_tag = is_letter[initials]
        rows_of_starts, rows_of_ends = (np.searchsorted(row_starts, each, side="right") for each in (starts, ends))
        is_tag &= rows_of_starts == rows_of_ends
        codes[list_run_places(starts[is_tag], ends[is_tag] - starts[is_tag] + 1)] = BLANK

    def _split_piece(self, piece: bytes) -> list[int]:
        ids = self._known_pieces.get(piece)
        if ids is None:
            ids = self._look_up(piece.translate(self._codes.original).decode())
            if len(piece) <= _MAX_KNOWN_BYTES:
                if len(self._known_pieces) >= _MAX_KNOWN_PIECES:
                    self._known_pieces.clear()
                self._known_pieces[piece] = ids
        return ids


def cut_chunks(texts: Sequence[str], num_threads: int) -> Iterator[Sequence[str]]:
    """Cut texts into runs that are encoded together, about as many characters for each thread."""
    ends = np.cumsum(np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)))
    total = int(ends[-1]) if len(texts) else 0
    num_chunks = num_threads * math.ceil(total / (num_threads * _CHUNK_CHARACTERS))
    num_chunks = max(1, min(num_chunks, total // _MIN_CHUNK_CHARACTERS))
    start = 0
    while start < len(texts):
        size_before = ends[start - 1] if start else 0
        end = int(np.searchsorted(ends, size_before + max(total, 1) / num_chunks)) + 1
        yield texts[start:end]
        start = end


def cut_rows(ids: Ids, counts: Places, num_first: int, num_last: int) -> tuple[Ids, Places]:
    """Cut rows that are longer than `num_first + num_last` to so many ids at their start and at their end."""
    limit = num_first + num_last
    is_long = counts > limit
    ends = np.cumsum(counts)[is_long]
    dropped = zip((ends - counts[is_long] + num_first).tolist(), (ends - num_last).tolist(), strict=True)
    return _replace_runs(ids, dropped, itertools.repeat(_NOTHING)), np.minimum(counts, limit)


def _find_odd(is_odd: npt.NDArray[np.bool_], starts: Places, lengths: Places) -> Places:
    """Find the pieces that no table has, by number."""
    pieces = np.searchsorted(starts, np.flatnonzero(is_odd), side="right") - 1
    return np.unique(np.concatenate([pieces, np.flatnonzero(lengths > MAX_BYTES)]))


def _replace(ids: Ids, bounds: Places, odd: Places, words: Sequence[Sequence[int]]) -> tuple[Ids, Places]:
    """Put the ids of odd pieces in their places, any number for each; bounds are moved with them."""
    sizes = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
    is_other = sizes != 1  # as few are: one id can be written over another
    ids[odd[~is_other]] = list(itertools.chain.from_iterable(itertools.compress(words, ~is_other)))
    runs = zip(odd[is_other].tolist(), (odd[is_other] + 1).tolist(), strict=True)
    others = (np.array(each, dtype=np.int32) for each in itertools.compress(words, is_other))
    added = np.concatenate([[0], np.cumsum(sizes - 1)])
    return _replace_runs(ids, runs, others), bounds + added[np.searchsorted(odd, bounds)]


def _replace_runs(ids: Ids, runs: Iterable[tuple[int, int]], others: Iterable[Ids]) -> Ids:
    """Put other ids in the places of runs, each from its start to its end. Runs are few, and in order."""
    parts: list[Ids] = []
    done = 0
    for (start, end), other in zip(runs, others, strict=False):
        parts += (ids[done:start], other)
        done = end
    return np.concatenate([*parts, ids[done:]])


def list_run_places(starts: Places, lengths: Places) -> Places:
    """List the places of many runs, one after the other."""
    ends = np.cumsum(lengths)
    places: Places = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - lengths), lengths)
    return places
