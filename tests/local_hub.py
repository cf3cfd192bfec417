"""A small Hugging Face Hub on 127.0.0.1: it speaks the client's wire protocol, keeps every commit, fails on demand."""

import base64
import contextlib
import hashlib
import json
import re
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import parse_qs, unquote, urlsplit

RepoType = Literal["model", "dataset", "space"]
Endpoint = Literal[
    "whoami", "create", "validate-yaml", "preupload", "lfs-batch", "lfs-upload", "lfs-verify",
    "commit", "info", "tree", "resolve", "unknown",
]  # fmt: skip

WRITE_TOKEN = "hf_writeWriteWriteWriteWriteWriteWrite"
READ_TOKEN = "hf_readReadReadReadReadReadReadReadRead"
OTHER_TOKEN = "hf_otherOtherOtherOtherOtherOtherOther"
"""A write token of another user, who cannot see the private repositories of `me`."""
INVALID_TOKEN = "hf_invalidInvalidInvalidInvalidInvalid"

GIT_ATTRIBUTES = ".gitattributes"
"""The file with which the Hub starts each repository that it creates."""

_REPO = r"(?P<repo>[^/]+(?:/[^/]+)?)"
_API = rf"/api/(?P<plural>models|datasets|spaces)/{_REPO}"
_WEB = rf"/(?:(?P<plural>datasets|spaces)/)?{_REPO}"
ROUTES: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", r"/api/whoami-v2", "whoami"),
    ("POST", r"/api/repos/create", "create"),
    ("POST", r"/api/validate-yaml", "validate-yaml"),
    ("POST", rf"{_API}/preupload/(?P<revision>[^/]+)", "preupload"),
    ("POST", rf"{_API}/commit/(?P<revision>[^/]+)", "commit"),
    ("GET", rf"{_API}/tree/(?P<revision>[^/]+)(?:/(?P<path>.*))?", "tree"),
    ("GET", rf"{_API}(?:/revision/(?P<revision>[^/]+))?", "info"),
    ("POST", rf"{_WEB}\.git/info/lfs/objects/batch", "lfs-batch"),
    ("PUT", r"/lfs/(?P<oid>[0-9a-f]{64})", "lfs-upload"),
    ("POST", r"/lfs/(?P<oid>[0-9a-f]{64})/verify", "lfs-verify"),
    ("HEAD GET", rf"{_WEB}/resolve/(?P<revision>[^/]+)/(?P<path>.+)", "resolve"),
)


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong instead of one answer."""

    kind: Literal["status", "drop", "drop_mid_request", "drop_mid_body", "stall", "stall_mid_body", "lose_response"]
    """`status`: an error status. `drop`: the connection closes without an answer. `drop_mid_request`: it closes while
    the client still sends. `drop_mid_body`: it closes in the middle of the answer. `stall`: no answer ever.
    `stall_mid_body`: half an answer, then nothing. `lose_response`: the request takes effect, the answer is lost."""
    status: int = 503
    retry_after: str | None = None
    message: str = "injected fault"


@dataclass(frozen=True)
class Request:
    """A request as it arrived."""

    method: str
    path: str
    endpoint: Endpoint
    token: str | None
    received_s: float
    """`time.monotonic()` on arrival."""


@dataclass(frozen=True)
class Blob:
    """A file's content, in memory or on disk (so that a large data set can be served from its folder)."""

    source: bytes | Path
    is_lfs: bool = False

    @property
    def content(self) -> bytes:
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()

    @property
    def size(self) -> int:
        return len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size

    @cached_property
    def git_oid(self) -> str:
        return hashlib.sha1(b"blob %d\0" % self.size + self.content).hexdigest()

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def oid(self) -> str:
        return self.sha256 if self.is_lfs else self.git_oid


@dataclass
class Repo:
    """A repository: commits in order, each with its own complete tree, so that any revision can be served."""

    repo_id: str
    repo_type: RepoType
    is_private: bool = False
    is_gated: bool = False
    commits: dict[str, dict[str, Blob]] = field(default_factory=dict)

    @property
    def head(self) -> str:
        return next(reversed(self.commits))

    def find(self, revision: str) -> tuple[str, dict[str, Blob]] | None:
        """The commit and tree of `main` or of a full commit id."""
        oid = self.head if revision == "main" else revision
        return (oid, self.commits[oid]) if oid in self.commits else None

    def commit(self, changes: Mapping[str, Blob | None]) -> str:
        """Add a commit with the named files new, changed or (None) gone; its id follows from the content, as in git."""
        parent = self.head if self.commits else ""
        tree = dict(self.commits.get(parent, {}))
        for path, blob in changes.items():
            if blob is None:
                tree.pop(path, None)
            else:
                tree[path] = blob
        listing = json.dumps([self.repo_type, self.repo_id, parent, sorted((p, b.oid) for p, b in tree.items())])
        oid = hashlib.sha1(listing.encode()).hexdigest()
        self.commits[oid] = tree
        return oid


class LocalHub:
    """The server and its controls. One instance serves a whole test session; `reset()` before each test."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
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

    def stall(self) -> None:
        """Wait until the next reset."""
        self._released.wait(timeout=300)


class _HttpError(Exception):
    """An error answer: status, message and the Hub's error code."""

    def __init__(self, status: int, message: str, code: str | None = None, **headers: str) -> None:
        self.status = status
        self.message = message
        self.headers = {"X-Error-Message": message, **headers} | ({"X-Error-Code": code} if code else {})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer waits 40 ms for an acknowledgement
    fault: Fault | None

    @property
    def hub(self) -> LocalHub:
        hub: LocalHub = self.server.hub  # type: ignore[attr-defined]
        return hub

    def log_message(self, *args: object) -> None:
        """Be quiet: `hub.requests` is the log."""

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # the client went away, as a client with a time-out does
            super().handle()

    def _dispatch(self) -> None:
        url = urlsplit(self.path)
        endpoint, self.route = self._match(url.path)
        self.query = parse_qs(url.query)
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        self.token = token
        self.hub.requests.append(Request(self.command, url.path, endpoint, token, time.monotonic()))
        self.fault = self.hub.next_fault(endpoint)
        length = int(self.headers.get("Content-Length") or 0)
        if self.fault and self.fault.kind == "drop_mid_request":
            self.rfile.read(length // 2)
            self._disconnect()
            return
        self.body = self._read_chunks() if self.headers.get("Transfer-Encoding") else self._read_body(length)
        if self.fault and self.fault.kind in ("drop", "stall"):
            if self.fault.kind == "stall":
                self.hub.stall()
            self._disconnect()
            return
        try:
            if self.fault and self.fault.kind == "status":
                extra = {"Retry-After": self.fault.retry_after} if self.fault.retry_after else {}
                raise _HttpError(self.fault.status, self.fault.message, **extra)
            self._check_token()
            with self.hub.lock:
                answer = getattr(self, "_answer_" + endpoint.replace("-", "_"))
                status, headers, body = answer()
        except _HttpError as error:
            status, headers = error.status, {**error.headers, "Content-Type": "application/json"}
            body = json.dumps({"error": error.message}).encode()
        self._send(status, headers, body)

    do_GET = do_HEAD = do_POST = do_PUT = _dispatch  # noqa: N815 - the names http.server asks for

    def _match(self, path: str) -> tuple[Endpoint, dict[str, str]]:
        for methods, pattern, endpoint in ROUTES:
            match = re.fullmatch(pattern, path)
            if match and self.command in methods.split():
                return endpoint, {name: unquote(value) for name, value in match.groupdict().items() if value}
        return "unknown", {}

    def _read_body(self, length: int) -> bytes:
        parts = []
        while length:
            parts.append(self.rfile.read(min(length, 1_000_000)))
            length -= len(parts[-1])
            time.sleep(self.hub.upload_pause_s)
        return b"".join(parts)

    def _read_chunks(self) -> bytes:
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        kind = self.fault.kind if self.fault else ""
        if kind == "lose_response":
            self._disconnect()
            return
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if kind.endswith("_mid_body"):
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            if kind == "stall_mid_body":
                self.hub.stall()
            self._disconnect()
            return
        self.wfile.write(body)

    def _disconnect(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    # who may do what

    def _check_token(self) -> None:
        if self.token is not None and self.token not in self.hub.tokens:
            raise _HttpError(401, "Invalid credentials in Authorization header")

    @property
    def _user(self) -> str | None:
        return self.hub.tokens[self.token][0] if self.token else None

    def _require_write(self, namespace: str) -> None:
        if self.token is None:
            raise _HttpError(401, "Invalid username or password.")
        user, role = self.hub.tokens[self.token]
        if role != "write":
            raise _HttpError(403, "Forbidden: you must use a write token to upload to a repository.")
        if namespace != user:
            raise _HttpError(403, f'You don\'t have the rights to create or change a repo under "{namespace}"')

    def _repo(self, *, needs_access: bool = True) -> Repo:
        repo_type = self.route.get("plural", "models").removesuffix("s")
        repo = self.hub.repos.get((repo_type, self.route["repo"]))
        is_owner = repo is not None and self._user == repo.repo_id.split("/")[0]
        if repo is None or (repo.is_private and not is_owner):
            # The Hub does not tell strangers which repositories exist.
            raise _HttpError(401 if self.token is None else 404, "Repository not found", "RepoNotFound")
        if repo.is_gated and needs_access and not is_owner:
            raise _HttpError(
                401 if self.token is None else 403, f"Access to {repo.repo_id} is restricted.", "GatedRepo"
            )
        return repo

    def _tree(self, repo: Repo) -> tuple[str, dict[str, Blob]]:
        revision = self.route.get("revision", "main")
        found = repo.find(revision)
        if found is None:
            raise _HttpError(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return found

    # endpoints: each returns (status, headers, body)

    def _json(self, value: Any, status: int = 200) -> tuple[int, dict[str, str], bytes]:
        return status, {"Content-Type": "application/json"}, json.dumps(value).encode()

    def _answer_unknown(self) -> tuple[int, dict[str, str], bytes]:
        raise _HttpError(404, f"Not found: {self.command} {self.path}")

    def _answer_whoami(self) -> tuple[int, dict[str, str], bytes]:
        if self.token is None:
            raise _HttpError(401, "Invalid username or password.")
        user, role = self.hub.tokens[self.token]
        token = {"displayName": "t", "role": role}
        return self._json({"type": "user", "name": user, "orgs": [], "auth": {"accessToken": token}})

    def _answer_create(self) -> tuple[int, dict[str, str], bytes]:
        wanted = json.loads(self.body)
        repo_type: RepoType = wanted.get("type") or "model"
        namespace = wanted.get("organization") or self._user or ""
        self._require_write(namespace)
        repo_id = f"{namespace}/{wanted['name']}"
        prefix = "" if repo_type == "model" else f"{repo_type}s/"
        url = {"url": f"{self.hub.endpoint}/{prefix}{repo_id}"}
        if (repo_type, repo_id) in self.hub.repos:
            return self._json({"error": f"You already created this {repo_type} repo", **url}, status=409)
        is_private = wanted.get("visibility") == "private" or wanted.get("private") is True
        self.hub.add_repo(repo_id, repo_type=repo_type, files={GIT_ATTRIBUTES: b""}, private=is_private)
        return self._json(url)

    def _answer_validate_yaml(self) -> tuple[int, dict[str, str], bytes]:
        content = json.loads(self.body)["content"]
        if not content.startswith("---\n"):
            return self._json({"errors": [], "warnings": [{"message": "empty or missing yaml metadata in repo card"}]})
        return self._json({"errors": [], "warnings": []})

    def _answer_preupload(self) -> tuple[int, dict[str, str], bytes]:
        repo = self._repo()
        self._require_write(repo.repo_id.split("/")[0])
        _, tree = self._tree(repo)
        files = []
        for wanted in json.loads(self.body)["files"]:
            mode = "lfs" if wanted["path"].endswith(self.hub.lfs_suffixes) else "regular"
            current = tree.get(wanted["path"])
            oid = current.oid if current else None
            files.append({"path": wanted["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        return self._json({"files": files})

    def _answer_lfs_batch(self) -> tuple[int, dict[str, str], bytes]:
        self._require_write(self._repo().repo_id.split("/")[0])
        objects = []
        for wanted in json.loads(self.body)["objects"]:
            href = f"{self.hub.endpoint}/lfs/{wanted['oid']}"
            actions = {"upload": {"href": href}, "verify": {"href": f"{href}/verify"}}
            has_it = wanted["oid"] in self.hub.lfs_objects
            objects.append({"oid": wanted["oid"], "size": wanted["size"]} | ({} if has_it else {"actions": actions}))
        return self._json({"transfer": "basic", "objects": objects})

    def _answer_lfs_upload(self) -> tuple[int, dict[str, str], bytes]:
        if hashlib.sha256(self.body).hexdigest() != self.route["oid"]:
            raise _HttpError(400, "The content does not have the announced SHA-256")
        self.hub.lfs_objects[self.route["oid"]] = self.body
        return 200, {}, b""

    def _answer_lfs_verify(self) -> tuple[int, dict[str, str], bytes]:
        if self.route["oid"] not in self.hub.lfs_objects:
            raise _HttpError(404, "No such object")
        return 200, {}, b""

    def _answer_commit(self) -> tuple[int, dict[str, str], bytes]:
        repo = self._repo()
        self._require_write(repo.repo_id.split("/")[0])
        changes: dict[str, Blob | None] = {}
        for line in self.body.splitlines():
            key, value = (record := json.loads(line))["key"], record["value"]
            if key == "header" and value.get("parentCommit", repo.head) != repo.head:
                raise _HttpError(412, "A commit has happened since. Please refresh and try again.")
            if key == "file":
                changes[value["path"]] = Blob(base64.b64decode(value["content"]))
            elif key == "lfsFile":
                if value["oid"] not in self.hub.lfs_objects:
                    raise _HttpError(400, f"LFS object {value['oid']} was never uploaded")
                changes[value["path"]] = Blob(self.hub.lfs_objects[value["oid"]], is_lfs=True)
            elif key == "deletedFile":
                changes[value["path"]] = None
            elif key == "deletedFolder":
                changes |= {path: None for path in repo.commits[repo.head] if path.startswith(value["path"])}
        oid = repo.commit(changes)
        prefix = "" if repo.repo_type == "model" else f"{repo.repo_type}s/"
        url = f"{self.hub.endpoint}/{prefix}{repo.repo_id}/commit/{oid}"
        return self._json({"success": True, "commitOid": oid, "commitUrl": url})

    def _answer_info(self) -> tuple[int, dict[str, str], bytes]:
        repo = self._repo(needs_access=False)
        oid, tree = self._tree(repo)
        return self._json(
            {
                "_id": hashlib.sha1(repo.repo_id.encode()).hexdigest()[:24],
                "id": repo.repo_id,
                "sha": oid,
                "private": repo.is_private,
                "gated": "auto" if repo.is_gated else False,
                "disabled": False,
                "tags": [],
                "siblings": [{"rfilename": path} for path in sorted(tree)],
            }
        )

    def _entry(self, path: str, blob: Blob) -> dict[str, Any]:
        entry: dict[str, Any] = {"type": "file", "path": path, "size": blob.size, "oid": blob.git_oid}
        if blob.is_lfs:
            entry["lfs"] = {"oid": blob.sha256, "size": blob.size, "pointerSize": 134}
        return entry

    def _answer_tree(self) -> tuple[int, dict[str, str], bytes]:
        _, tree = self._tree(self._repo())
        prefix = f"{self.route['path'].rstrip('/')}/" if "path" in self.route else ""
        inside = {path: blob for path, blob in tree.items() if path.startswith(prefix)}
        if prefix and not inside:
            raise _HttpError(404, f"{prefix} does not exist", "EntryNotFound")
        entries: list[dict[str, Any]] = []
        folders = {path[: i + 1].rstrip("/") for path in inside for i, c in enumerate(path) if c == "/"}
        is_recursive = self.query.get("recursive", ["false"])[0].lower() in ("true", "1")
        for folder in sorted(folders):
            if folder.startswith(prefix):
                entries.append({"type": "directory", "path": folder, "size": 0, "oid": "0" * 40})
        entries += [self._entry(path, blob) for path, blob in sorted(inside.items())]
        if not is_recursive:
            entries = [entry for entry in entries if "/" not in entry["path"][len(prefix) :]]
        return self._json(entries)

    def _answer_resolve(self) -> tuple[int, dict[str, str], bytes]:
        oid, tree = self._tree(self._repo())
        blob = tree.get(self.route["path"])
        if blob is None:
            raise _HttpError(404, "Entry not found", "EntryNotFound", **{"X-Repo-Commit": oid})
        headers = {"X-Repo-Commit": oid, "ETag": f'"{blob.oid}"', "Accept-Ranges": "bytes"}
        if blob.is_lfs:
            headers |= {"X-Linked-ETag": f'"{blob.sha256}"', "X-Linked-Size": str(blob.size)}
        headers["Content-Type"] = "application/octet-stream"
        if self.command == "HEAD":
            return 200, {**headers, "Content-Length": str(blob.size)}, b""
        content = blob.content
        span = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if span is None:
            return 200, headers, content
        first, last = int(span[1]), min(int(span[2] or blob.size), blob.size - 1)
        if first >= blob.size:
            raise _HttpError(416, "Range not satisfiable", **{"Content-Range": f"bytes */{blob.size}"})
        return 206, {**headers, "Content-Range": f"bytes {first}-{last}/{blob.size}"}, content[first : last + 1]
