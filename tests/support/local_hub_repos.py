"""The repositories of the local Hub: files, and commits that keep their own complete trees."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

RepoType = Literal["model", "dataset", "space"]

GIT_ATTRIBUTES = ".gitattributes"
"""The file with which the Hub starts each repository that it creates."""


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


@dataclass(frozen=True)
class PullRequest:
    """A proposed commit, which stands on the revision `refs/pr/<num>`."""

    num: int
    title: str
    author: str


@dataclass
class Repo:
    """A repository: commits in order, each with its own complete tree, so that any revision can be served."""

    repo_id: str
    repo_type: RepoType
    is_private: bool = False
    is_gated: bool = False
    commits: dict[str, dict[str, Blob]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    """The commit id of each branch, `main` first, and of each pull request as `refs/pr/<num>`."""
    pull_requests: list[PullRequest] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    """Of a Space."""
    hardware: str | None = None
    """Of a Space."""

    @property
    def head(self) -> str:
        return self.branches["main"]

    def find(self, revision: str) -> tuple[str, dict[str, Blob]] | None:
        """The commit and tree of a branch or of a full commit id."""
        oid = self.branches.get(revision, revision)
        return (oid, self.commits[oid]) if oid in self.commits else None

    def open_pull_request(self, title: str, author: str, revision: str) -> PullRequest:
        """Start a pull request on top of a branch or commit."""
        pull_request = PullRequest(len(self.pull_requests) + 1, title, author)
        self.pull_requests.append(pull_request)
        self.branches[f"refs/pr/{pull_request.num}"] = self.branches.get(revision, revision)
        return pull_request

    def commit(self, changes: Mapping[str, Blob | None], branch: str = "main") -> str:
        """Add a commit with the named files new, changed or (None) gone; its id follows from the content, as in git."""
        parent = self.branches.get(branch, "")
        tree = dict(self.commits.get(parent, {}))
        for path, blob in changes.items():
            if blob is None:
                tree.pop(path, None)
            else:
                tree[path] = blob
        listing = json.dumps([self.repo_type, self.repo_id, parent, sorted((p, b.oid) for p, b in tree.items())])
        oid = hashlib.sha1(listing.encode()).hexdigest()
        self.commits[oid] = tree
        self.branches[branch] = oid
        return oid
