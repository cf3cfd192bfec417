"""Finds the files of a corpus: local ones, and those at addresses such as s3:// and hf://."""

import contextlib
import glob
import hashlib
import posixpath
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import fsspec

from hf_lstm.errors import InputError
from hf_lstm.files.names import expand_home
from hf_lstm.formats.catalog import describe_no_file, has_known_type
from hf_lstm.formats.compression import split_suffixes
from hf_lstm.rows.texts import check_text_file
from hf_lstm.sources.folders import describe_files, list_files

_DIGITS = 10


class CorpusFile(NamedTuple):
    """Names a file of a corpus."""

    source: str
    """Its absolute path, or its address."""
    version: str
    """Changes when the file does: of its size and time, or what its server says."""

    @property
    def name(self) -> str:
        """Return what its parts are called: the file's own name, and a digest of where it is."""
        digest = hashlib.sha256(self.source.encode(errors="surrogatepass")).hexdigest()
        return f"{posixpath.basename(self.source)}-{digest[:_DIGITS]}"


def find_corpus(inputs: Sequence[str], text_column: str | None, encoding: str | None) -> list[CorpusFile]:
    """Find the files that inputs mean: files, patterns, folders, and addresses of these.

    Of a folder, all tables below it are taken; lines of .txt files only if they are named, or match a pattern.

    Raises:
        InputError: an input means no file, a file is named twice, or is of no type that can be read.
    """
    found = [file for each in inputs for file in (_find_remote(each) if "://" in each else _find_local(each))]
    times = Counter(file.source for file in found)
    if repeated := next((source for source, number in times.items() if number > 1), None):
        raise InputError(f"{repeated}: is named twice; its rows would be scored twice")
    for file in found:
        if "://" not in file.source:
            check_text_file(Path(file.source), text_column, encoding)
    return found


@contextlib.contextmanager
def fetch(source: str) -> Iterator[Path]:
    """Give the local path of a file; one at an address is downloaded for the block.

    Raises:
        InputError: it cannot be read; or, of what the block raises, with the file's address instead of its local path.
    """
    if "://" not in source:
        yield Path(source)
        return
    with tempfile.TemporaryDirectory(prefix="hf-lstm-") as folder:
        path = Path(folder) / posixpath.basename(source)
        system, remote = _open_system(source)
        with _explain(source):
            system.get_file(remote, str(path))
        try:
            yield path
        except InputError as error:
            raise InputError(str(error).replace(str(path), source)) from None


def _find_local(named: str) -> list[CorpusFile]:
    path = expand_home(named)
    if path.is_dir():
        paths = [each for each in list_files(path) if _is_table(each)]
        if not paths:
            raise InputError(f"{path}: no table to score is there; {describe_files(path)}")
    elif path.exists() or not glob.has_magic(named):
        paths = [path]
    else:
        matches = sorted(map(Path, glob.glob(str(path), recursive=True)))
        paths = [each for each in matches if each.is_file() and has_known_type(each)]
        if not paths:
            raise InputError(f"{named}: no file that can be read has such a name")
    for each in paths:
        if not each.is_file():
            raise InputError(
                f"{each}: {describe_no_file(each)}; --engine ray scores files, folders and patterns, not a text"
            )
    return [_describe_local(each.resolve()) for each in paths]


def _describe_local(path: Path) -> CorpusFile:
    status = path.stat()
    return CorpusFile(str(path), f"{status.st_size} bytes, {status.st_mtime_ns}")


def _find_remote(address: str) -> list[CorpusFile]:
    system, path = _open_system(address)
    with _explain(address):
        paths = system.glob(path) if glob.has_magic(path) else system.find(path)  # of a file, itself
        files = [each for each in sorted(paths) if _is_table(Path(each)) or each == path]
        if not files:
            raise InputError(f"{address}: no file that can be read has such an address")
        return [CorpusFile(system.unstrip_protocol(each), str(system.ukey(each))) for each in files]


def _is_table(path: Path) -> bool:
    return has_known_type(path) and split_suffixes(path)[0] != ".txt"


def _open_system(address: str) -> tuple[Any, str]:
    """Open the file system of an address; give the path in it."""
    try:
        system, path = fsspec.url_to_fs(address)
    except ImportError as error:  # the message says what to install: "Install s3fs to access S3"
        raise InputError(f"{address}: {error}; run pip install for it, on each machine") from None
    except ValueError as error:
        raise InputError(f"{address}: {error}") from None
    return system, path


@contextlib.contextmanager
def _explain(address: str) -> Iterator[None]:
    """Say in one line what failed at an address."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{address}: cannot be read ({type(error).__name__}: {str(error)[:200]})") from None
