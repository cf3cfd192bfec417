"""Fetches models and single files from the Hub or the cache."""

import difflib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeVar

from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    IncompleteSnapshotError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)

from hf_lstm.errors import InputError, abbreviate, shorten
from hf_lstm.files.names import (
    CARD_FILE,
    RECIPE_FILE,
    REPORT_FILES,
    REPORT_FOLDER,
    REQUIRED_FILES,
    RESULTS_FILE,
    UNFINISHED_FOLDER,
)
from hf_lstm.files.reading import require_files
from hf_lstm.files.replacement import finish_replacement
from hf_lstm.hub.errors import HUB_ERRORS, HubUnavailable, describe_hub_error
from hf_lstm.hub.integrity import find_damaged_files, forget_files
from hf_lstm.hub.session import fetch_from_hub
from hf_lstm.records.search import BEST_FOLDER, SEARCH_FILE
from hf_lstm.shipped import PLACES, locate_model

_DOWNLOADED_FILES = (
    *REQUIRED_FILES,
    RECIPE_FILE,
    RESULTS_FILE,
    CARD_FILE,  # its licence and language stay when the model is saved elsewhere
    *(f"{REPORT_FOLDER}/{name}" for name in REPORT_FILES),
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
    """Fetch a model, if need be, and return its folder.

    All files come from one commit, so a push that happens meanwhile cannot mix two versions. Each is what the Hub's
    digest of it says; one that is not is downloaded once more. A Hub that fails is no reason not to use what was
    downloaded earlier, unless a new download is asked for.

    Args:
        model: folder, Hub id, or `flagship` or `flagship-tiny` for a model that comes along.
        revision: branch, tag or commit on the Hub, by default `main`.
        token: access token; by default `HF_TOKEN` or the client's login.
        cache_dir: where downloads are; by default the client's cache.
        force_download: download again what is there already.
        local_files_only: ask the Hub nothing.

    Raises:
        InputError: there is no such folder or repository, it cannot be reached or read, it lacks a file, or what the
            Hub sends is damaged each time.
    """
    if not isinstance(model, str | os.PathLike):
        raise InputError(f"the model is {type(model).__name__}; expected a folder or a Hub id like org/name")
    if not str(model).strip():
        raise InputError("the model's name is empty; expected a folder or a Hub id like org/name")
    what = f"model {shorten(str(model))!r}"
    model = locate_model(str(model))
    if os.path.isfile(model):  # unlike `Path.is_file`, it takes names of any length
        raise InputError(f"{what} is a file; expected the folder of a saved model, or a Hub id like org/name")

    def fetch(version: str | None, force: bool) -> Path:
        try:
            folder = snapshot_download(
                model,
                revision=version,
                token=token,
                cache_dir=cache_dir,
                allow_patterns=list(_DOWNLOADED_FILES),
                force_download=force,
                local_files_only=local_files_only,
            )
        except IncompleteSnapshotError as error:  # the cache lacks a file, maybe none that a model needs
            folder = error.snapshot_path
            require_files(Path(folder), REQUIRED_FILES, "it is not in the cache: download it once", what=what)
        return Path(folder)

    def fetch_whole() -> Path:
        folder = fetch(revision, force_download)
        if damaged := find_damaged_files(folder, _DOWNLOADED_FILES, needed=REQUIRED_FILES):
            forget_files(folder, damaged)
            if not local_files_only:
                folder = fetch(folder.name, False)  # the same commit, and of its files those that are missing
                damaged = find_damaged_files(folder, _DOWNLOADED_FILES, needed=REQUIRED_FILES)
                forget_files(folder, damaged)
            if damaged:
                raise _build_damage_error(what, damaged, local_files_only)
        return folder

    folder = Path(model)
    if os.path.isdir(model) and not _is_utf8(model):  # the library that reads weights would not find the file
        raise InputError(f"model {model!a}: the folder's name is not UTF-8; rename it, or name it by a link")
    if not os.path.isdir(model):
        try:
            folder = fetch_from_hub(fetch_whole, uses_cache=not force_download)
        except InputError:
            raise
        except HFValidationError:
            raise InputError(f"{what} is neither a folder here nor a Hub id like org/name") from None
        except HUB_ERRORS as error:
            version = f" at revision {revision!r}" if revision else ""
            # Out of reach, it may be known there; but whoever has no network has mistyped a folder more often.
            may_be_unknown = isinstance(error, RepositoryNotFoundError | LocalEntryNotFoundError | HubUnavailable)
            meant = _suggest_model(model) if may_be_unknown else ""
            raise InputError(f"{describe_hub_error(error, f'{what}{version}')}{meant}") from error
    else:
        finish_replacement(folder)
    advice = "expected a saved LSTMSentiment"
    if (folder / SEARCH_FILE).is_file():
        advice = f"it is the folder of a search, and the best model is in {BEST_FOLDER!r} there"
    elif (folder / UNFINISHED_FOLDER).is_dir():
        advice = "it holds an unfinished run: go on with the command that began it, and --resume"
    require_files(folder, REQUIRED_FILES, advice, what=what)
    return folder


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _suggest_model(name: str) -> str:
    """Suggest what was meant by a name that the Hub may have no model for: one that comes along, or a folder."""
    if close := difflib.get_close_matches(name.lower(), PLACES, n=1):
        return f"; did you mean {close[0]}?"
    folder = Path(name).parent
    return (
        f"; in the folder {str(folder)!r} here is no {Path(name).name!r}"
        if folder.name and os.path.isdir(folder)
        else ""
    )


def _build_damage_error(what: str, names: Sequence[str], is_of_cache: bool) -> InputError:
    """Build the error for files that differ from the Hub's digests; they have left the cache."""
    where = "in the cache was" if is_of_cache else "comes from the Hub"
    remedy = "download it anew" if is_of_cache else "check the proxy and HF_ENDPOINT, or try again later"
    return InputError(f"{what}: {abbreviate(names)} {where} damaged, by the Hub's own digest; {remedy}")


def fetch_hub_file(
    repo_id: str, file: str, *, what: str, remedy: str, repo_types: Sequence[RepoType] = ("model",)
) -> Path:
    """Fetch a repository's file from the Hub, and return its path.

    The file is in the client's cache, and downloaded only if need be. It is what the Hub's digest says, or downloaded
    once more.

    Args:
        repo_id: `owner/name`, or `name` for the few that have no owner.
        file: path inside the repository.
        what: begins the error message: `the vocabulary of 'bert-base-uncased'`.
        remedy: ends it: what to do without the Hub.
        repo_types: where to look, in this order.

    Raises:
        InputError: there is no such repository or file, the Hub cannot be reached and the cache has no copy, or what
            it sends is damaged each time.
    """

    def fetch(repo_type: RepoType) -> Path:
        for _ in range(2):
            path = Path(hf_hub_download(repo_id, file, repo_type=repo_type))
            snapshot = path.parents[file.count("/")]
            damaged = find_damaged_files(snapshot, [file])
            if not damaged:
                return path
            forget_files(snapshot, damaged)
        raise _build_damage_error(what, damaged, False)

    return _fetch_first(fetch, repo_types, what, remedy)


def list_hub_files(repo_id: str, *, what: str, remedy: str, repo_types: Sequence[RepoType]) -> list[str]:
    """List a repository's files, on the Hub or in the cache.

    The arguments are those of `fetch_hub_file`.

    Raises:
        InputError: there is no such repository, or the Hub cannot be reached and the cache has no copy.
    """

    def fetch(repo_type: RepoType) -> list[str]:
        try:
            return HfApi().list_repo_files(repo_id, repo_type=repo_type)
        except OfflineModeIsEnabled:  # for lists the client has no fall-back of its own
            folder = Path(snapshot_download(repo_id, repo_type=repo_type, local_files_only=True))
            return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())

    return _fetch_first(fetch, repo_types, what, remedy)


def _fetch_first(fetch: Callable[[RepoType], T], repo_types: Sequence[RepoType], what: str, remedy: str) -> T:
    """Fetch from the repository of the first existing type."""

    def fetch_first() -> T:
        failures: list[Exception] = []
        for repo_type in repo_types:
            try:
                return fetch(repo_type)
            except GatedRepoError:  # it is there
                raise
            except (RepositoryNotFoundError, LocalEntryNotFoundError) as error:
                failures.append(error)
        raise failures[0]

    try:
        return fetch_from_hub(fetch_first)
    except InputError:
        raise
    except HFValidationError:
        raise InputError(f"{what}: is neither a file here nor a Hub id like org/name; {remedy}") from None
    except HUB_ERRORS as error:
        raise InputError(f"{describe_hub_error(error, what)}; {remedy}") from error
