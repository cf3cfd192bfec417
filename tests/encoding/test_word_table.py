import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hf_lstm.encoding.word_table import MAX_BYTES, WordTable, pad_bytes

WORDS = st.text("abz", min_size=1, max_size=MAX_BYTES + 2).map(str.encode)


@given(ids=st.dictionaries(WORDS, st.integers(0, 99)), others=st.lists(WORDS))
def test_words_are_found_as_in_a_dictionary(ids: dict[bytes, int], others: list[bytes]) -> None:
    words = [word for word in [*ids, *others, *ids] if len(word) <= MAX_BYTES]
    lengths = np.array(list(map(len, words)), dtype=np.int64)
    starts = np.cumsum(lengths + 1) - lengths - 1
    text = np.frombuffer(pad_bytes(b" ".join(words)), dtype="<u8")
    expected = [ids.get(word, -7) for word in words]
    assert WordTable(ids, -7).look_up(text, starts, lengths).tolist() == expected


def test_words_of_one_slot_are_all_found() -> None:
    """A full run of slots is searched to its end, and over the table's end."""
    words = [f"{number:05}".encode() for number in range(5_000)]
    table = WordTable({word: number for number, word in enumerate(words)}, -1)
    text = np.frombuffer(pad_bytes(b"".join(words)), dtype="<u8")
    found = table.look_up(text, np.arange(5_000) * 5, np.full(5_000, 5))
    assert found.tolist() == list(range(5_000))
