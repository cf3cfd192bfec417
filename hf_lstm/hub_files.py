"""Single files of other people's Hub repositories: downloaded once, and read from the cache when the Hub fails."""

import contextlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeVar

from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)

from hf_lstm.errors import InputError
from hf_lstm.hub_errors import HUB_ERRORS, HubUnavailable, describe_hub_error
from hf_lstm.hub_session import call_hub

logger = logging.getLogger(__name__)

RepoType = Literal["model", "dataset"]
T = TypeVar("T")
RETRY_FOR_S = 10.0
"""How long a Hub that fails is asked again: somebody waits, and the cache may have the file."""


def fetch_hub_file(
    repo_id: str, file: str, *, what: str, remedy: str, repo_types: Sequence[RepoType] = ("model",)
) -> Path:
    """Return where the client's cache holds `file` of a repository, which is downloaded if need be.

    Args:
        repo_id: `owner/name`, or `name` for the few that have no owner.
        file: path inside the repository.
        what: begins the error message: `the vocabulary of 'bert-base-uncased'`.
        remedy: ends it: what to do without the Hub.
        repo_types: where to look, in this order.

    Raises:
        InputError: there is no such repository or file, or the Hub cannot be reached and the cache has no copy.
    """

    def download(repo_type: RepoType) -> Path:
        return Path(call_hub(lambda: hf_hub_download(repo_id, file, repo_type=repo_type), retry_for_s=RETRY_FOR_S))

    def find(repo_type: RepoType) -> Path:
        return Path(hf_hub_download(repo_id, file, repo_type=repo_type, local_files_only=True))

    return _ask_for_first(download, find, repo_types, what, remedy)


def list_hub_files(repo_id: str, *, what: str, remedy: str, repo_types: Sequence[RepoType]) -> list[str]:
    """Return the paths of a repository's files on the Hub, or of those in the cache; arguments as `fetch_hub_file`.

    Raises:
        InputError: there is no such repository, or the Hub cannot be reached and the cache has no copy.
    """

    def list_all(repo_type: RepoType) -> list[str]:
        return call_hub(lambda: HfApi().list_repo_files(repo_id, repo_type=repo_type), retry_for_s=RETRY_FOR_S)

    def list_cached(repo_type: RepoType) -> list[str]:
        folder = Path(snapshot_download(repo_id, repo_type=repo_type, local_files_only=True))
        return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())

    return _ask_for_first(list_all, list_cached, repo_types, what, remedy)


def _ask_for_first(
    ask: Callable[[RepoType], T],
    look_in_cache: Callable[[RepoType], T],
    repo_types: Sequence[RepoType],
    what: str,
    remedy: str,
) -> T:
    """Return what `ask` gives for the first of the types under which there is such a repository.

    Where the Hub does not answer, what `look_in_cache` gives for the first type under which there is a copy.
    """
    failure: Exception | None = None
    for repo_type in repo_types:
        try:
            return ask(repo_type)
        except HFValidationError:
            raise InputError(f"{what}: is neither a file here nor a Hub id like org/name; {remedy}") from None
        except (RepositoryNotFoundError, LocalEntryNotFoundError) as error:
            failure = failure or error
            if isinstance(error, GatedRepoError):
                failure = error
                break
        except HUB_ERRORS as error:
            failure = error
            break
    assert failure is not None
    if isinstance(failure, (HubUnavailable, OfflineModeIsEnabled)):
        for repo_type in repo_types:
            with contextlib.suppress(LocalEntryNotFoundError):
                found = look_in_cache(repo_type)
                logger.warning("the Hub does not answer (%s): using what was downloaded of it earlier", failure)
                return found
    raise InputError(f"{describe_hub_error(failure, what)}; {remedy}") from failure
