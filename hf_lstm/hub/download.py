"""Fetches models and single files: from this machine, the Hub, or what was downloaded before."""

import contextlib
import functools
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
from hf_lstm.files import RECIPE_FILE, REPORT_FOLDER, REPORT_SUFFIXES, REQUIRED_FILES, RESULTS_FILE
from hf_lstm.hub.errors import HUB_ERRORS, HubUnavailable, describe_hub_error, iterate_causes
from hf_lstm.hub.session import call_hub

logger = logging.getLogger(__name__)

RETRY_FOR_S = 10.0
"""How long loading asks a Hub that fails again: somebody waits for it, and the cache may have the model."""

_DOWNLOADED_FILES = (
    *REQUIRED_FILES,
    RECIPE_FILE,
    RESULTS_FILE,
    *(f"{REPORT_FOLDER}/*{suffix}" for suffix in REPORT_SUFFIXES),
)
RepoType = Literal["model", "dataset"]
T = TypeVar("T")


def fetch_model_folder(
    model: str | Path,
    *,
    revision: str | None = None,
    token: str | bool | None = None,
    cache_dir: str | Path | None = None,
    force_download: bool = False,
    local_files_only: bool = False,
) -> Path:
    """Return the folder of `model`: itself if it is one, else the cached download of that Hub id.

    All files come from one commit, so a push that happens meanwhile cannot mix two versions.

    Raises:
        InputError: there is no such folder or repository, it cannot be reached or read, or it lacks a file.
    """
    if not str(model).strip():
        raise InputError("the model's name is empty; expected a folder or a Hub id like org/name")
    folder, advice = Path(model), "expected a saved LSTMSentiment"
    if not folder.is_dir():
        download = functools.partial(
            snapshot_download,
            str(model),
            revision=revision,
            token=token,
            cache_dir=cache_dir,
            allow_patterns=_DOWNLOADED_FILES,
        )
        version = f" at revision {revision!r}" if revision else ""
        try:
            folder = Path(
                call_hub(
                    lambda: download(force_download=force_download, local_files_only=local_files_only),
                    retry_for_s=RETRY_FOR_S,
                )
            )
        except HFValidationError:
            raise InputError(f"model {str(model)!r} is neither a folder here nor a Hub id like org/name") from None
        except HUB_ERRORS as error:
            folder = _find_download(download, error, force_download, f"model {str(model)!r}{version}")
            advice = "it is not in the cache: download it once"
    missing = [name for name in REQUIRED_FILES if not (folder / name).is_file()]
    if missing:
        raise InputError(f"model {str(model)!r} has no {' and no '.join(missing)}; {advice}")
    return folder


def _find_download(download: Callable[..., str], error: Exception, force_download: bool, what: str) -> Path:
    """Return what an earlier `download` left in the cache: a Hub that fails is no reason not to use it.

    Raises:
        InputError: there is nothing, the Hub refused rather than failed, or a new download was asked for; it says why
            the Hub gave nothing.
    """
    for cause in iterate_causes(error):  # where the cache has some of the files, the client says where they are
        if (snapshot := getattr(cause, "snapshot_path", None)) is not None:
            return Path(snapshot)
    if force_download or not isinstance(error, HubUnavailable):
        raise describe_hub_error(error, what) from error
    try:
        folder = Path(download(local_files_only=True))
    except HUB_ERRORS:
        raise describe_hub_error(error, what) from error
    logger.warning("the Hub does not answer (%s): using the model downloaded earlier", error)
    return folder


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
