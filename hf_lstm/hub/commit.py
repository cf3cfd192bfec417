"""Commits files to the Hugging Face Hub, in safely repeated attempts."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, constants
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils.sha import git_hash
from huggingface_hub.utils.tqdm import silent_tqdm

from hf_lstm.hub.errors import HubUnavailable


class Committed(NamedTuple):
    """Tells the outcome of a commit."""

    url: str
    """Of the commit, or of the pull request that was opened for it; of the last commit if there was nothing to do."""
    is_new: bool
    """Whether anything was committed: not if the repository had all the files already."""


class RepeatableCommit:
    """Makes one commit to a repository, in as many attempts as needed.

    Each attempt starts from the beginning.

    Args:
        api: the client.
        repo_id: `owner/name`.
        message: the commit's title.
        repo_type: `model` or `space`.
        revision: branch, by default `main`.
        create_pr: open a pull request against the branch.
    """

    def __init__(
        self,
        api: HfApi,
        repo_id: str,
        message: str,
        *,
        repo_type: str = "model",
        revision: str | None = None,
        create_pr: bool = False,
    ) -> None:
        self._api, self._repo_id, self._repo_type = api, repo_id, repo_type
        self._message, self._revision, self._create_pr = message, revision, create_pr
        self._first_parent: str | None = None

    def attempt(self, files: Mapping[str, Path | bytes | None], *, parent: str) -> Committed:
        """Commit all new or changed files, if there are any.

        What differs is found out here: the client would show progress of uploading nothing, and warn.

        Args:
            files: what stands in the repository afterwards at each path: a file of this machine, bytes, or None for
                nothing. Other paths stay as they are.
            parent: the commit that `files` were made for: if it is not the branch's last one any more, nothing happens.

        Raises:
            HubUnavailable: somebody else committed meanwhile; another attempt may look at that commit.
            Exception: whatever else the client raises, see `HUB_ERRORS`.
        """
        self._first_parent = self._first_parent or parent
        operations = self._list_operations(files, parent)
        if not operations:
            prefix = constants.REPO_TYPES_URL_PREFIXES.get(self._repo_type, "")
            url = f"{self._api.endpoint}/{prefix}{self._repo_id}/commit/{parent}"
            return Committed(url, is_new=parent != self._first_parent)  # made by an attempt whose answer was lost
        try:
            commit = self._api.create_commit(
                self._repo_id,
                operations,
                commit_message=self._message,
                parent_commit=parent,
                repo_type=self._repo_type,
                revision=self._revision,
                create_pr=self._create_pr,
            )
        except HfHubHTTPError as error:
            if error.response.status_code == 412:
                raise HubUnavailable(f"somebody else committed to {self._repo_id} meanwhile") from error
            raise
        return Committed(str(commit.pr_url or commit.commit_url), is_new=True)

    def _list_operations(
        self, files: Mapping[str, Path | bytes | None], parent: str
    ) -> list[CommitOperationAdd | CommitOperationDelete]:
        tree = self._api.list_repo_tree(self._repo_id, recursive=True, revision=parent, repo_type=self._repo_type)
        present = {entry.path: entry for entry in tree if isinstance(entry, RepoFile)}
        operations: list[CommitOperationAdd | CommitOperationDelete] = []
        for name, content in files.items():
            if content is None:
                if name in present:
                    operations.append(CommitOperationDelete(path_in_repo=name))
                continue
            operation = CommitOperationAdd(path_in_repo=name, path_or_fileobj=content)
            if name not in present or not _is_same(present[name], operation):
                operations.append(operation)
        return operations


class OpenedPullRequest:
    """Recognizes a pull request opened by an earlier attempt.

    That attempt succeeded although its answer was lost: a second pull request is not wanted.

    Args:
        api: the client.
        repo_id: `owner/name`.
        title: of the pull request.
    """

    def __init__(self, api: HfApi, repo_id: str, title: str) -> None:
        self._api, self._repo_id, self._title = api, repo_id, title
        self._earlier: set[int] | None = None

    def find(self) -> str | None:
        """Find the URL of a pull request opened since the first call.

        It has the title. None if there is none, and at the first call.
        """
        found = {
            discussion.num: discussion.url
            for discussion in self._api.get_repo_discussions(self._repo_id, discussion_type="pull_request")
            if discussion.title == self._title
        }
        if self._earlier is None:
            self._earlier = set(found)
        return next((url for num, url in found.items() if num not in self._earlier), None)


def read_remote_file(api: HfApi, repo_id: str, file: str, *, revision: str, repo_type: str = "model") -> bytes:
    """Read a small file of a repository on the Hub.

    No progress bar is shown, and the client's cache stays as it is.
    """
    with tempfile.TemporaryDirectory() as cache_dir:
        path = api.hf_hub_download(
            repo_id,
            file,
            repo_type=repo_type,
            revision=revision,
            cache_dir=cache_dir,
            tqdm_class=silent_tqdm,  # type: ignore[arg-type]  # the client's own, though no subclass
        )
        return Path(path).read_bytes()


def _is_same(remote: RepoFile, local: CommitOperationAdd) -> bool:
    if remote.lfs is not None:  # its git object is a pointer
        return remote.lfs.sha256 == local.upload_info.sha256.hex()
    with local.as_file() as file:
        return remote.blob_id == git_hash(file.read())
