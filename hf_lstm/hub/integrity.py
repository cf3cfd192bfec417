"""Compares downloaded files with the digests that the Hub has of them, and removes damaged ones from the cache."""

import hashlib
import re
from collections.abc import Collection, Sequence
from pathlib import Path

from hf_lstm.errors import InputError
from hf_lstm.files.reading import read_json

_GIT_OID, _SHA256 = re.compile("[0-9a-f]{40}"), re.compile("[0-9a-f]{64}")
_CHUNK_BYTES = 2**20


def find_damaged_files(snapshot: Path, names: Sequence[str], *, needed: Collection[str] = ()) -> list[str]:
    """Find files of a snapshot that are not what the Hub has.

    The digests are those of the commit's list of files, which the client keeps beside the snapshot. Without a list, a
    file's name in the cache is its digest.

    Args:
        snapshot: a folder of the client's cache, which it names after the commit.
        names: paths of files to look at.
        needed: those of them that are damaged, too, where the Hub has them and the snapshot does not.
    """
    listed = _read_digests(snapshot)
    damaged = []
    for name in names:
        path = snapshot / name
        if path.is_file():
            digest = listed.get(name) or _name_digest(path)
            if digest is not None and digest_file(path, digest) != digest:
                damaged.append(name)
        elif name in needed and name in listed:
            damaged.append(name)
    return damaged


def forget_files(snapshot: Path, names: Sequence[str]) -> None:
    """Remove files of a snapshot from the cache, so that they are downloaded anew.

    The list of the commit's files goes, too: it may be what is wrong.
    """
    blobs = snapshot.parent.parent / "blobs"
    for name in names:
        path = snapshot / name
        blob = path.resolve()
        path.unlink(missing_ok=True)
        if blob.parent == blobs.resolve():
            blob.unlink(missing_ok=True)
    _name_list(snapshot).unlink(missing_ok=True)


def digest_file(path: Path, like: str) -> str:
    """Compute a file's digest: SHA-256, or git's object id if that is what `like` is."""
    digest = hashlib.sha256()
    if _GIT_OID.fullmatch(like):
        digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _read_digests(snapshot: Path) -> dict[str, str]:
    """Read the digest of each file of a commit; empty if the client kept no list, or one that cannot be read."""
    digests = {}
    try:
        for name, said in read_json(_name_list(snapshot))["files"].items():
            digest = said.get("lfs_sha256") or said["blob_id"]
            if _is_digest(digest):
                digests[name] = digest
    except (OSError, InputError, KeyError, AttributeError, TypeError):
        return {}
    return digests


def _name_digest(path: Path) -> str | None:
    """Return the digest after which the client has named a file; None if it has not."""
    return name if path.is_symlink() and _is_digest(name := path.resolve().name) else None


def _is_digest(name: object) -> bool:
    return isinstance(name, str) and (_GIT_OID.fullmatch(name) or _SHA256.fullmatch(name)) is not None


def _name_list(snapshot: Path) -> Path:
    return snapshot.parent.parent / "trees" / f"{snapshot.name}.json"
