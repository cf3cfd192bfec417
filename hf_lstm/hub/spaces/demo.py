"""Deploys the demo as a Space, and keeps its owner's changes."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from huggingface_hub import HfApi, ModelInfo, SpaceInfo
from huggingface_hub.errors import HfHubHTTPError

from hf_lstm.edit_mark import is_unedited
from hf_lstm.errors import InputError
from hf_lstm.files.names import RECIPE_FILE, RESULTS_FILE
from hf_lstm.files.reading import require_files
from hf_lstm.hub.cards.metadata import IMDB_SOURCES
from hf_lstm.hub.commit import RepeatableCommit, read_remote_file
from hf_lstm.hub.errors import HUB_ERRORS, describe_hub_error
from hf_lstm.hub.session import call_hub
from hf_lstm.hub.spaces.page import README_FILE, render_readme

logger = logging.getLogger(__name__)

PICTURE_FILE = "thumbnail.png"
"""What others see of a Space of film reviews before they open it."""
MODEL_VARIABLE = "MODEL_ID"
PACKAGE = "hf_lstm"
_CODE_SUFFIXES = (".py", ".typed")
_RESOURCE_SUFFIXES = (".txt", ".json", ".css", ".js", ".html", ".svg")
"""Elsewhere in the package, such files are somebody's notes or data."""
_UNUSED_FOLDER = ("resources", "sample")  # the reviews to train on


class Deployment(NamedTuple):
    """Tells the outcome of a deployment."""

    url: str
    """Of the Space."""
    model_id: str
    """Of the model that it serves."""
    has_changed: bool
    """Whether the Space is any different now."""


def deploy_space(
    repo_id: str,
    model_id: str | None,
    *,
    space_folder: Path,
    package_folder: Path,
    default_model_id: str,
    private: bool | None = None,
    hardware: str | None = None,
    token: str | None = None,
) -> Deployment:
    """Deploy the demo of a model to a new or existing Space.

    The files go up in one commit: those of `space_folder`, and the package, since a Space installs nothing but
    `requirements.txt`. A Space that is there already keeps its owner's own files, variables, secrets and hardware, and
    what the owner wrote into README.md.

    Args:
        repo_id: `owner/name` of the Space.
        model_id: `owner/name` of the model; None for the one that the Space serves already.
        space_folder: holds app.py, README.md and requirements.txt.
        package_folder: the package `hf_lstm`.
        default_model_id: for a Space that serves none yet.
        private: whether a new Space is private; by default as the owner's settings say.
        hardware: to request, such as `cpu-basic`; by default it stays as it is.
        token: access token; by default `HF_TOKEN` or the client's login.

    Raises:
        InputError: a file is missing, the model is not there, the Space is not permitted, or the Hub keeps failing.
    """
    sources = list_space_files(space_folder, package_folder)
    api = HfApi(token=token)
    commit = RepeatableCommit(api, repo_id, "Deploy the demo", repo_type="space")
    has_new_settings = hardware is not None

    def deploy_once() -> Deployment:
        nonlocal has_new_settings
        served = _find_served_model(api, repo_id)
        wanted = model_id or served or default_model_id
        model = _find_model(api, wanted)
        space = make_space(api, repo_id, "gradio", private=private)
        readme = _read_readme(api, space)
        page = render_readme(
            sources[README_FILE].read_text(encoding="utf-8"),
            readme,
            model_id=wanted,
            space_id=repo_id,
            host=space.host,
            is_of_films=_reads_film_reviews(api, model),
        )
        files = _list_changes(space, sources, page)
        if served != wanted:  # before the commit, so that what is built then finds it
            has_new_settings = True
            api.add_space_variable(repo_id, MODEL_VARIABLE, wanted)
        assert space.sha is not None
        committed = commit.attempt(files, parent=space.sha)
        if hardware is not None:
            api.request_space_hardware(repo_id, hardware)  # type: ignore[arg-type]  # an enumeration of strings
        _warn_owner(model, readme)
        return Deployment(f"{api.endpoint}/spaces/{repo_id}", wanted, committed.is_new or has_new_settings)

    try:
        return call_hub(deploy_once)
    except InputError:
        raise
    except HUB_ERRORS as error:
        here = "; without a Space, MODEL_ID=MODEL python space/app.py serves the demo on this machine"
        raise InputError(f"{describe_hub_error(error, f'Space {repo_id!r}')}{here}") from error


def list_space_files(space_folder: Path, package_folder: Path) -> dict[str, Path]:
    """List the files to upload, by their path in the Space.

    They are sources and what these read, nothing hidden or cached.

    Raises:
        InputError: `space_folder` lacks a file.
    """
    required = ("app.py", README_FILE, "requirements.txt")
    require_files(space_folder, required, "run this from a checkout of hf_lstm")
    files = {name: space_folder / name for name in required}
    if (space_folder / PICTURE_FILE).is_file():
        files[PICTURE_FILE] = space_folder / PICTURE_FILE
    for path in sorted(package_folder.rglob("*")):
        parts = path.relative_to(package_folder).parts
        suffixes = _RESOURCE_SUFFIXES if parts[0] == "resources" else _CODE_SUFFIXES
        is_source = path.is_file() and path.suffix in suffixes
        is_left_out = parts[:2] == _UNUSED_FOLDER or any(part.startswith((".", "__pycache__")) for part in parts)
        if is_source and not is_left_out:
            files["/".join((PACKAGE, *parts))] = path
    return files


def _find_served_model(api: HfApi, repo_id: str) -> str | None:
    """Find the id of a Space's model.

    None without a Space, or if it names none.
    """
    variables = api.get_space_variables(repo_id) if api.repo_exists(repo_id, repo_type="space") else {}
    return variables[MODEL_VARIABLE].value if MODEL_VARIABLE in variables else None


def _find_model(api: HfApi, model_id: str) -> ModelInfo:
    try:
        return api.model_info(model_id)
    except (HfHubHTTPError, ValueError) as error:
        raise describe_hub_error(error, f"model {model_id!r}, which the Space is to serve,") from error


def make_space(api: HfApi, repo_id: str, sdk: str, *, private: bool | None) -> SpaceInfo:
    """Make a Space of a kind, `gradio` or `static`, unless it is there already.

    Raises:
        InputError: it is there, and not private as it should be.
    """
    api.create_repo(repo_id, repo_type="space", space_sdk=sdk, private=private, exist_ok=True)
    space = api.space_info(repo_id)
    if private and not space.private:
        raise InputError(f"Space {repo_id!r} is public: make it private in its settings, or choose another name")
    return space


def _list_files(space: SpaceInfo) -> list[str]:
    return [sibling.rfilename for sibling in space.siblings or []]


def _read_readme(api: HfApi, space: SpaceInfo) -> str | None:
    """Read the README of an earlier deployment.

    None before the first, when it is the Hub's own.
    """
    if not {f"{PACKAGE}/__init__.py", README_FILE} <= set(_list_files(space)):
        return None
    assert space.sha is not None
    content = read_remote_file(api, space.id, README_FILE, revision=space.sha, repo_type="space")
    return content.decode(errors="replace")


def _reads_film_reviews(api: HfApi, model: ModelInfo) -> bool:
    """Return whether a model was trained on IMDB, or on its sample, as its results or its recipe say."""
    files = {sibling.rfilename for sibling in model.siblings or []}
    for name, section, key in ((RESULTS_FILE, "dataset", "source"), (RECIPE_FILE, "data", "dataset")):
        if name in files:
            assert model.sha is not None
            try:
                return (
                    json.loads(read_remote_file(api, model.id, name, revision=model.sha))[section][key] in IMDB_SOURCES
                )
            except (ValueError, KeyError, TypeError, RecursionError):  # damaged, without which the model still serves
                return False
    return False


def _list_changes(space: SpaceInfo, sources: Mapping[str, Path], page: str) -> dict[str, Path | bytes | None]:
    """List the new content of a Space by path.

    It is None for a module to delete.
    """
    stale = [name for name in _list_files(space) if name.startswith(f"{PACKAGE}/") and name not in sources]
    return {**sources, README_FILE: page.encode(), **dict.fromkeys(stale)}


def _warn_owner(model: ModelInfo, readme: str | None) -> None:
    """Warn the Space's owner of edits kept and secrets needed.

    This comes once all has succeeded, so that an error stands alone.
    """
    if readme is not None and not is_unedited(readme):
        logger.warning("%s of the Space was edited: only the fields that the app needs are ours", README_FILE)
    if model.private or model.gated:
        logger.warning("model %s is not public: the Space needs a secret HF_TOKEN with a token that reads it", model.id)
