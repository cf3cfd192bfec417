import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_lstm.data.parsing import open_utf8
from hf_lstm.errors import InputError


@pytest.fixture(scope="session")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("utf8") / "texts.csv"


def read(path, content):
    path.write_bytes(content)
    with open_utf8(path) as stream:
        return stream.read()


@given(
    text=st.text(st.one_of(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), st.sampled_from("\r\n"))),
    with_bom=st.booleans(),
)
def test_what_is_utf8_is_read_as_it_is(path, text, with_bom):
    assert read(path, text.encode("utf-8-sig" if with_bom else "utf-8")) == text


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("text\nHé".encode("latin-1"), r"line 2 is not UTF-8 but looks like WINDOWS-1252; .* 'texts-utf8.csv'"),
        (b"text\n" * 5_000 + b"\xe9", "line 5001 is not UTF-8"),
        ("text\ngood".encode("utf-16"), "the file is not UTF-8 but looks like UTF-16"),
        ("text\ngood".encode("utf-16-le"), "the file is not UTF-8 but looks like UTF-16"),
        ("text\ngood".encode("utf-16-be"), "the file is not UTF-8 but looks like UTF-16"),
        (b"text\na film\na \0film\n", "contains a NUL in line 3"),
    ],
)
def test_what_is_not_is_named_with_its_place_and_a_remedy(path, content, expected):
    with pytest.raises(InputError, match=expected) as caught:
        read(path, content)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
