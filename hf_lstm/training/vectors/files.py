"""Fetches and opens files of pretrained word vectors.

They are plain, gzipped or zipped, on this machine or on the Hub.
"""

import codecs
import contextlib
import gzip
import io
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from hf_lstm.errors import InputError, abbreviate
from hf_lstm.files.names import expand_home
from hf_lstm.formats.catalog import describe_no_file
from hf_lstm.formats.signatures import COMPRESSED, describe_stand_in
from hf_lstm.hub.download import fetch_hub_file, list_hub_files

_SUFFIXES = (".txt", ".vec", ".gz", ".zip")
_PUBLISHED_SYSTEMS_FILE = "glove.6B.zip"
"""Preferred if a repository has several fitting files: of 6 billion lower-case tokens of Wikipedia and newswire."""
_GZIP_MAGIC = b"\x1f\x8b"
_ZIP_MAGIC = b"PK\x03\x04"
_OTHER_FORMATS = {
    b"\x93NUMPY": "NumPy's format, without words",
    b"\xba\x16\x4f\x2f": "fastText's binary format",
    b"\x80": "Python's pickle format, such as gensim writes",
    b"\x89HDF": "HDF5",
}
"""By the bytes that files begin with."""
_ARCHIVES = {b"7z\xbc\xaf": "7-Zip", b"Rar!": "RAR"}
_PACKERS = {start: program for start, (program, _) in COMPRESSED.items() if start != _GZIP_MAGIC} | _ARCHIVES
"""What compresses files that are not read here, by the bytes that they begin with."""
_HEAD_BYTES = 4096
_MAX_LINE_BYTES = 2**20
_READ_BYTES = 2**20
_HOW_TO_PASS_A_FILE = "or pass a file in GloVe's text format with --embeddings PATH"


def fetch_vector_file(source: str, dimension: int) -> Path:
    """Fetch a file of word vectors, and return its path.

    `source` is a path, or on the Hub `org/name` or `org/name/file`, which is downloaded. Of a repository's files, the
    one whose name says the dimension (`100d`) is preferred, then `glove.6B.zip`.

    Raises:
        InputError: there is no such file or repository, it has none or several files that would do, or the Hub
            cannot be reached.
    """
    path = expand_home(source)
    if os.path.isfile(path):  # unlike `Path.is_file`, it takes names of any length
        return path
    if os.path.exists(path):
        raise InputError(f"embeddings {source}: {describe_no_file(path)}")
    owner_and_name, file = "/".join(source.split("/")[:2]), "/".join(source.split("/")[2:])
    is_file_name = not file and path.suffix.lower() in _SUFFIXES
    if path.is_absolute() or source.startswith((".", "~")) or "/" not in source or is_file_name:
        raise InputError(
            f"embeddings {source}: there is no such file; expected a file in GloVe's text format (.txt, .gz or .zip) "
            "or a Hub repository such as stanfordnlp/glove"
        )
    what = f"embeddings {source!r}"
    if not file:
        files = list_hub_files(owner_and_name, what=what, remedy=_HOW_TO_PASS_A_FILE, repo_types=("dataset", "model"))
        remedy = f"name one as {source}/FILE, or choose another model.embedding_dim"
        file = _choose_file([name for name in files if name.endswith(_SUFFIXES)], dimension, source, remedy)
    return fetch_hub_file(owner_and_name, file, what=what, remedy=_HOW_TO_PASS_A_FILE, repo_types=("dataset", "model"))


@contextlib.contextmanager
def open_vector_file(path: Path, dimension: int) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Open a file of word vectors, and give its lines.

    Gives a name for messages, and the lines. Of a zip, they are those of the member of that dimension.

    Raises:
        InputError: the file cannot be read or is damaged, or it is a zip without or with several such members.
    """
    try:
        if _is_zip(path):
            with zipfile.ZipFile(path) as archive:
                texts = [name for name in archive.namelist() if name.endswith((".txt", ".vec"))]
                texts = [name for name in texts if not name.startswith("__MACOSX/")]  # macOS adds these
                if not texts:
                    held = abbreviate(archive.namelist(), max_names=3) or "nothing"
                    raise InputError(f"embeddings {path}: is a zip without a .txt or .vec file: it holds {held}")
                remedy = "unpack one and pass that, or choose another model.embedding_dim"
                member = _choose_file(texts, dimension, str(path), remedy)
                with io.BufferedReader(archive.open(member), _READ_BYTES) as lines:  # type: ignore[type-var]
                    _require_text(lines, f"{path}, {member}")
                    yield f"{path}, {member}", _iterate_lines(lines)
        else:
            with path.open("rb") as file:
                is_gzipped = file.read(2) == _GZIP_MAGIC
                file.seek(0)
                content = gzip.GzipFile(fileobj=file) if is_gzipped else file
                _require_text(content, str(path))
                yield str(path), _iterate_lines(content)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:  # RuntimeError: an encrypted zip
        raise InputError(f"embeddings {path}: cannot be read, download it again ({error})") from error


def _is_zip(path: Path) -> bool:
    """Return whether the file is a zip, even a truncated one."""
    with path.open("rb") as file:
        return file.read(4) == _ZIP_MAGIC or zipfile.is_zipfile(file)


def _require_text(file: IO[bytes] | gzip.GzipFile, place: str) -> None:
    """Check by its first bytes that a file may be text.

    Raises:
        InputError: it is another format, which is named.
    """
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    if (told := describe_stand_in(head)) is not None:
        raise InputError(f"embeddings {place}: {told}")
    if (packer := next((packer for magic, packer in _PACKERS.items() if head.startswith(magic)), None)) is not None:
        raise InputError(f"embeddings {place}: is compressed by {packer}; decompress it, or compress it as .gz or .zip")
    kind = next((kind for magic, kind in _OTHER_FORMATS.items() if head.startswith(magic)), None)
    if kind is None and b"\0" in head:
        is_word2vec = re.match(rb"\d+ \d+\n", head) is not None
        kind = "word2vec's binary format" if is_word2vec else "a binary format"
    if kind is not None:
        raise InputError(
            f"embeddings {place}: is in {kind}, expected GloVe's or word2vec's text format; convert it, as with "
            "gensim's KeyedVectors: save_word2vec_format('vectors.vec', binary=False)"
        )


def _iterate_lines(file: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    line = file.readline(_MAX_LINE_BYTES).removeprefix(codecs.BOM_UTF8)  # some editors of Windows write one
    while line:
        yield line
        line = file.readline(_MAX_LINE_BYTES)


def _choose_file(names: list[str], dimension: int, source: str, remedy: str) -> str:
    of_dimension = [name for name in names if re.search(rf"(?<!\d){dimension}d(?![a-z0-9])", name)]
    of_unknown_dimension = [name for name in names if not re.search(r"(?<!\d)\d+d(?![a-z0-9])", name)]
    for choices in (of_dimension, of_unknown_dimension):
        if _PUBLISHED_SYSTEMS_FILE in choices:
            return _PUBLISHED_SYSTEMS_FILE
        if len(choices) == 1:
            return choices[0]
        if choices:
            break
    raise InputError(
        f"embeddings {source}: expected one file of {dimension} values a word, but there are: "
        f"{', '.join(names) or 'no vectors'}; {remedy}"
    )
