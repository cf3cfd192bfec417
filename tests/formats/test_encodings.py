import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_lstm.errors import InputError
from hf_lstm.formats.encodings import open_text
from hf_lstm.rows.texts import read_texts


@pytest.fixture(scope="session")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("utf8") / "texts.csv"


def read(path, content):
    path.write_bytes(content)
    with open_text(path) as stream:
        return stream.read()


@given(
    text=st.text(st.one_of(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), st.sampled_from("\r\n"))),
    with_bom=st.booleans(),
)
def test_what_is_utf8_is_read_as_it_is(path, text, with_bom):
    assert read(path, text.encode("utf-8-sig" if with_bom else "utf-8")) == text


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("text,label\ngood,1\n".encode("utf-16") + b"x", "utf-16"),
        (b"text,label\na\\x,1\n", "unicode_escape"),
        (b"text,label\na\\u12,1\n", "raw_unicode_escape"),
    ],
)
def test_a_table_that_no_byte_of_can_be_escaped_is_refused_in_one_line(tmp_path, content, encoding):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(InputError, match=rf"a\.csv.*{encoding.upper()}"):
        list(read_texts(tmp_path / "a.csv", encoding=encoding))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            "text\nHé".encode("latin-1"),
            r"texts\.csv, line 2: not UTF-8 \(byte 0xe9 at position 2\); if you know its encoding, name it",
        ),
        (b"text\n" * 5_000 + b"\xe9", "line 5001: not UTF-8"),
        ("text\ngood".encode("utf-16"), "is not UTF-8 but UTF-16; pass --encoding utf-16 "),
        ("text\ngood".encode("utf-32"), "is not UTF-8 but UTF-32; pass --encoding utf-32 "),
        ("text\ngood".encode("utf-16-le"), "is not UTF-8 but UTF-16-LE; pass --encoding utf-16-le "),
        ("text\ngood".encode("utf-16-be"), "is not UTF-8 but UTF-16-BE; pass --encoding utf-16-be "),
        ("text\ngood film 映画\n".encode("utf-32-le"), "is not UTF-8 but UTF-32-LE; pass --encoding utf-32-le "),
        ("text\ngood film 映画\n".encode("utf-32-be"), "is not UTF-8 but UTF-32-BE; pass --encoding utf-32-be "),
        (
            b"text\na film\na \0film\n",
            "contains a NUL in line 3, .* if .* is UTF-16, pass --encoding utf-16-le or",
        ),
    ],
)
def test_what_is_not_is_named_with_its_place_and_a_remedy(path, content, expected):
    with pytest.raises(InputError, match=expected) as caught:
        read(path, content)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "named", "expected"),
    [
        ("utf-8", "utf-16", r"texts\.csv: not UTF-16 \(UTF-16 stream does not start with BOM\); if you know"),
        ("utf-16", "cp1252", "is not CP1252 but UTF-16; pass --encoding utf-16 "),
        ("utf-16-le", "utf-8", "is not UTF-8 but UTF-16-LE; pass --encoding utf-16-le "),
    ],
)
def test_an_encoding_that_the_bytes_contradict_is_refused(path, written, named, expected):
    path.write_bytes("text\na good film\n".encode(written))
    with pytest.raises(InputError, match=expected), open_text(path, named) as stream:
        stream.read()


def test_an_error_of_whoever_writes_what_was_read_is_none_of_the_file(tmp_path):
    (tmp_path / "a.txt").write_text("good\n")
    with pytest.raises(UnicodeEncodeError), open_text(tmp_path / "a.txt"):
        "\udce9".encode()
