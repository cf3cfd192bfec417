"""Single files of other people's Hub repositories: downloaded once, and read from the cache when the Hub fails."""

import functools
import logging
from pathlib import Path
from typing import Literal

from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import HFValidationError

from hf_lstm.errors import InputError
from hf_lstm.hub_errors import HUB_ERRORS, HubUnavailable, describe_hub_error
from hf_lstm.hub_session import call_hub

logger = logging.getLogger(__name__)

RepoType = Literal["model", "dataset"]
RETRY_FOR_S = 10.0
"""How long a Hub that fails is asked again: somebody waits, and the cache may have the file."""


def fetch_hub_file(repo_id: str, file: str, *, what: str, remedy: str, repo_type: RepoType = "model") -> Path:
    """Return where the client's cache holds `file` of a repository, which is downloaded if need be.

    Args:
        repo_id: `owner/name`, or `name` for the few that have no owner.
        file: path inside the repository.
        what: begins the error message: `the vocabulary of 'bert-base-uncased'`.
        remedy: ends it: what to do without the Hub.
        repo_type: `model` or `dataset`.

    Raises:
        InputError: there is no such repository or file, or the Hub cannot be reached and the cache has no copy.
    """
    download = functools.partial(hf_hub_download, repo_id, file, repo_type=repo_type)
    try:
        try:
            return Path(call_hub(download, retry_for_s=RETRY_FOR_S))
        except HubUnavailable as error:
            path = Path(download(local_files_only=True))
            logger.warning("the Hub does not answer (%s): using %s downloaded earlier", error, file)
            return path
    except HFValidationError:
        raise InputError(f"{what}: {repo_id!r} is neither a file here nor a Hub id; {remedy}") from None
    except HUB_ERRORS as error:
        raise InputError(f"{describe_hub_error(error, what)}; {remedy}") from error


def list_hub_files(repo_id: str, *, what: str, remedy: str, repo_type: RepoType) -> list[str]:
    """Return the paths of a repository's files on the Hub.

    Raises:
        InputError: there is no such repository, or the Hub cannot be reached.
    """
    list_files = functools.partial(HfApi().list_repo_files, repo_id, repo_type=repo_type)
    try:
        return call_hub(list_files, retry_for_s=RETRY_FOR_S)
    except HFValidationError:
        raise InputError(f"{what}: {repo_id!r} is neither a file here nor a Hub id; {remedy}") from None
    except HUB_ERRORS as error:
        raise InputError(f"{describe_hub_error(error, what)}; {remedy}") from error
