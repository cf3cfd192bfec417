"""A small Hugging Face Hub on 127.0.0.1: it speaks the client's wire protocol, keeps every commit, fails on demand."""

import threading
from collections import deque
from collections.abc import Mapping
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO, get_args

from local_hub_extras import FullHandler
from local_hub_http import Endpoint, Fault, Request
from local_hub_repos import GIT_ATTRIBUTES, Blob, Repo, RepoType

__all__ = ["INVALID_TOKEN", "OTHER_TOKEN", "READ_TOKEN", "WRITE_TOKEN", "Fault", "LocalHub", "Request"]

WRITE_TOKEN = "hf_writeWriteWriteWriteWriteWriteWrite"
READ_TOKEN = "hf_readReadReadReadReadReadReadReadRead"
OTHER_TOKEN = "hf_otherOtherOtherOtherOtherOtherOther"
"""A write token of another user, who cannot see the private repositories of `me`."""
INVALID_TOKEN = "hf_invalidInvalidInvalidInvalidInvalid"


class LocalHub:
    """The server and its controls. One instance serves a whole test session; `reset()` before each test."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), FullHandler)
        self._server.daemon_threads = True
        self._server.hub = self  # type: ignore[attr-defined]
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self.lock = threading.RLock()
        self._released = threading.Event()
        self.reset()
        threading.Thread(target=self._server.serve_forever, name="local-hub", daemon=True).start()

    def reset(self) -> None:
        """Forget every repository, request and fault, and let stalled requests go."""
        self._released.set()
        self._released = threading.Event()
        self.repos: dict[tuple[str, str], Repo] = {}
        self.lfs_objects: dict[str, bytes] = {}
        self.lfs_suffixes: tuple[str, ...] = (".safetensors", ".parquet")
        self.tokens: dict[str, tuple[str, str]] = {
            WRITE_TOKEN: ("me", "write"),
            READ_TOKEN: ("me", "read"),
            OTHER_TOKEN: ("someone-else", "write"),
        }
        self.trickle_pause_s = 5.0  # between two bytes of a body that trickles
        self.upload_pause_s = 0.0  # after each megabyte of a request's body, to be slow
        self.requests: list[Request] = []
        self._faults: dict[str, deque[Fault]] = {}
        self._permanent_faults: dict[str, Fault] = {}

    def add_repo(
        self,
        repo_id: str,
        *,
        repo_type: RepoType = "model",
        files: Mapping[str, bytes] | None = None,
        folder: Path | None = None,
        private: bool = False,
        gated: bool = False,
    ) -> str:
        """Add a repository with the given files, or all files below `folder`; returns its commit id."""
        repo = Repo(repo_id, repo_type, is_private=private, is_gated=gated)
        sources: dict[str, bytes | Path] = dict(files or {})
        if folder is not None:
            sources |= {p.relative_to(folder).as_posix(): p for p in sorted(folder.rglob("*")) if p.is_file()}
        repo.commit({path: self.make_blob(path, source) for path, source in sources.items()})
        self.repos[repo_type, repo_id] = repo
        return repo.head

    def commit(self, repo_id: str, files: Mapping[str, bytes | None], *, repo_type: RepoType = "model") -> str:
        """Commit new, changed or deleted (None) files to a repository, as another user's push would."""
        blobs = {path: None if source is None else self.make_blob(path, source) for path, source in files.items()}
        return self.repos[repo_type, repo_id].commit(blobs)

    def files(self, repo_id: str, *, repo_type: RepoType = "model", revision: str = "main") -> dict[str, bytes]:
        """The files of a repository at a revision, without the `.gitattributes` that the Hub itself adds."""
        found = self.repos[repo_type, repo_id].find(revision)
        assert found is not None, f"{repo_id} has no revision {revision}"
        return {path: blob.content for path, blob in found[1].items() if path != GIT_ATTRIBUTES}

    def commits(self, repo_id: str, *, repo_type: RepoType = "model") -> list[str]:
        """The commit ids of a repository, oldest first."""
        return list(self.repos[repo_type, repo_id].commits)

    def inject(self, endpoint: Endpoint, *faults: Fault, forever: bool = False) -> None:
        """Let the next requests to `endpoint` meet `faults`, one each; with `forever` all meet the one given."""
        assert endpoint in get_args(Endpoint), endpoint
        if forever:
            (self._permanent_faults[endpoint],) = faults
        else:
            self._faults.setdefault(endpoint, deque()).extend(faults)

    def count(self, *endpoints: Endpoint) -> int:
        """How many requests arrived at the endpoints (all, if none is named)."""
        return sum(request.endpoint in (endpoints or get_args(Endpoint)) for request in self.requests)

    def make_blob(self, path: str, source: bytes | Path) -> Blob:
        return Blob(source, is_lfs=path.endswith(self.lfs_suffixes))

    def next_fault(self, endpoint: str) -> Fault | None:
        with self.lock:
            queue = self._faults.get(endpoint)
            return queue.popleft() if queue else self._permanent_faults.get(endpoint)

    def trickle(self, stream: BinaryIO, body: bytes) -> None:
        """Write a body byte by byte, until the client leaves or the next reset."""
        released = self._released
        for start in range(len(body)):
            stream.write(body[start : start + 1])
            if released.wait(timeout=self.trickle_pause_s):
                return

    def stall(self) -> None:
        """Wait until the next reset."""
        self._released.wait(timeout=300)
