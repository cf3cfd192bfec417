"""Commits to the Hugging Face Hub that can be repeated safely, on a branch or as a pull request."""

from collections.abc import Mapping
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError

from hf_lstm.hub_errors import HubUnavailable


def commit_files(
    api: HfApi,
    repo_id: str,
    files: Mapping[str, Path | bytes | None],
    message: str,
    *,
    parent: str,
    repo_type: str = "model",
    revision: str | None = None,
    create_pr: bool = False,
) -> str:
    """Add one commit to a repository, and return its URL, or that of the pull request that was opened for it.

    Files that the repository has already are left out; if it has all, the URL is that of its last commit.

    Args:
        api: the client.
        repo_id: `owner/name`.
        files: what stands in the repository afterwards at each path: a file of this machine, bytes, or None for
            nothing. Other paths stay as they are.
        message: the commit's title.
        parent: the commit that `files` were made for: if it is not the branch's last one any more, nothing happens.
        repo_type: `model` or `space`.
        revision: branch, by default `main`.
        create_pr: open a pull request against the branch.

    Raises:
        HubUnavailable: somebody else committed meanwhile; another attempt may look at that commit.
        Exception: whatever else the client raises, see `HUB_ERRORS`.
    """
    operations: list[CommitOperationAdd | CommitOperationDelete] = [
        CommitOperationDelete(path_in_repo=name)
        if content is None
        else CommitOperationAdd(path_in_repo=name, path_or_fileobj=content)
        for name, content in files.items()
    ]
    try:
        commit = api.create_commit(
            repo_id,
            operations,
            commit_message=message,
            parent_commit=parent,
            repo_type=repo_type,
            revision=revision,
            create_pr=create_pr,
        )
    except HfHubHTTPError as error:
        if error.response.status_code == 412:
            raise HubUnavailable(f"somebody else committed to {repo_id} meanwhile") from error
        raise
    return str(commit.pr_url or commit.commit_url)


class OpenedPullRequest:
    """Whether an attempt to open a pull request succeeded although its answer was lost: a second one is not wanted.

    Args:
        api: the client.
        repo_id: `owner/name`.
        title: of the pull request.
    """

    def __init__(self, api: HfApi, repo_id: str, title: str) -> None:
        self._api, self._repo_id, self._title = api, repo_id, title
        self._earlier: set[int] | None = None

    def find(self) -> str | None:
        """Return the URL of a pull request with the title that was opened since the first call, which returns None."""
        found = {
            discussion.num: discussion.url
            for discussion in self._api.get_repo_discussions(self._repo_id, discussion_type="pull_request")
            if discussion.title == self._title
        }
        if self._earlier is None:
            self._earlier = set(found)
        return next((url for num, url in found.items() if num not in self._earlier), None)
