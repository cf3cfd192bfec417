"""Fetches a model's folder, all files of one version: from this machine, the Hub, or what was downloaded before."""

import functools
import logging
from collections.abc import Callable
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HFValidationError

from hf_lstm.errors import InputError
from hf_lstm.hub_errors import HUB_ERRORS, HubUnavailable, describe_hub_error, iterate_causes
from hf_lstm.hub_session import call_hub
from hf_lstm.model_files import RECIPE_FILE, REPORT_FOLDER, REPORT_SUFFIXES, REQUIRED_FILES, RESULTS_FILE

logger = logging.getLogger(__name__)

RETRY_FOR_S = 10.0
"""How long loading asks a Hub that fails again: somebody waits for it, and the cache may have the model."""

_DOWNLOADED_FILES = (
    *REQUIRED_FILES,
    RECIPE_FILE,
    RESULTS_FILE,
    *(f"{REPORT_FOLDER}/*{suffix}" for suffix in REPORT_SUFFIXES),
)


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
