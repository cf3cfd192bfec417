"""Deploying the demo as a Space: what is uploaded, what its owner changed and keeps, and the model that it serves."""

import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path

from huggingface_hub import CardData, HfApi, RepoCard
from huggingface_hub.errors import HfHubHTTPError

from hf_lstm.errors import InputError
from hf_lstm.generated_mark import is_generated, mark_generated
from hf_lstm.hub_commit import commit_files
from hf_lstm.hub_errors import HUB_ERRORS, describe_hub_error
from hf_lstm.hub_session import call_hub

logger = logging.getLogger(__name__)

MODEL_VARIABLE = "MODEL_ID"
README_FILE = "README.md"
PACKAGE = "hf_lstm"
_OUR_FIELDS = ("sdk", "sdk_version", "python_version", "app_file", "models", "preload_from_hub")
"""Of the README's front matter: what the app needs to be built. The others are the owner's to change."""
_SOURCE_SUFFIXES = (".py", ".txt", ".typed", ".json", ".css", ".js", ".html", ".svg")
_UNUSED_FOLDERS = ("sample", "__pycache__")  # the reviews to train on, and what Python caches


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
) -> tuple[str, str]:
    """Make or update a Space that serves a model, and return the Space's URL and the model's id.

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

    def deploy_once() -> tuple[str, str]:
        exists = api.repo_exists(repo_id, repo_type="space")
        variables = api.get_space_variables(repo_id) if exists else {}
        served = variables[MODEL_VARIABLE].value if MODEL_VARIABLE in variables else None
        wanted = model_id or served or default_model_id
        _require_model(api, wanted)
        api.create_repo(repo_id, repo_type="space", space_sdk="gradio", private=private, exist_ok=True)
        remote = api.space_info(repo_id)
        if private and not remote.private:
            raise InputError(f"Space {repo_id!r} is public: make it private in its settings, or choose another name")
        present = [sibling.rfilename for sibling in remote.siblings or []]
        assert remote.sha is not None
        was_deployed = f"{PACKAGE}/__init__.py" in present  # else the README there is the Hub's own first one
        current = _read_remote(api, repo_id, remote.sha) if was_deployed and README_FILE in present else None
        readme = render_readme(sources[README_FILE].read_text(encoding="utf-8"), wanted, current)
        stale = [name for name in present if name.startswith(f"{PACKAGE}/") and name not in sources]
        files: dict[str, Path | bytes | None] = {**sources, README_FILE: readme.encode(), **dict.fromkeys(stale)}
        if served != wanted:  # before the commit, so that what is built then finds it
            api.add_space_variable(repo_id, MODEL_VARIABLE, wanted)
        commit_files(api, repo_id, files, "Deploy the demo", parent=remote.sha, repo_type="space")
        if hardware is not None:
            api.request_space_hardware(repo_id, hardware)  # type: ignore[arg-type]  # an enumeration of strings
        return f"{api.endpoint}/spaces/{repo_id}", wanted

    try:
        return call_hub(deploy_once)
    except InputError:
        raise
    except HUB_ERRORS as error:
        here = "; without a Space, MODEL_ID=MODEL python space/app.py serves the demo on this machine"
        raise InputError(f"{describe_hub_error(error, f'Space {repo_id!r}')}{here}") from error


def list_space_files(space_folder: Path, package_folder: Path) -> dict[str, Path]:
    """Return the files to upload by their path in the Space: sources and what they read, nothing hidden or cached.

    Raises:
        InputError: `space_folder` lacks a file.
    """
    required = ("app.py", README_FILE, "requirements.txt")
    missing = [name for name in required if not (space_folder / name).is_file()]
    if missing:
        raise InputError(f"{space_folder} has no {' and no '.join(missing)}; run this from a checkout of hf_lstm")
    files = {name: space_folder / name for name in required}
    for path in sorted(package_folder.rglob("*")):
        parts = path.relative_to(package_folder).parts
        is_source = path.is_file() and path.suffix in _SOURCE_SUFFIXES
        if is_source and not any(part.startswith(".") or part in _UNUSED_FOLDERS for part in parts):
            files["/".join((PACKAGE, *parts))] = path
    return files


def render_readme(template: str, model_id: str, current: str | None) -> str:
    """Return the Space's README with `model_id` in its front matter.

    Args:
        template: our README.
        model_id: the model that the Space serves.
        current: the README that the Space has. If somebody edited it, its text and fields stay, but for those fields
            that the app needs to be built.

    Raises:
        InputError: the front matter of `current` can't be read.
    """
    text, fields = _split_front_matter(template)
    fields |= {"models": [model_id], "preload_from_hub": [model_id]}
    if current is None or is_generated(current):
        return mark_generated(_join_front_matter(fields, text))
    logger.warning("%s of the Space was edited: only the fields that the app needs are changed", README_FILE)
    their_text, their_fields = _split_front_matter(current)
    return _join_front_matter(their_fields | {name: fields[name] for name in _OUR_FIELDS if name in fields}, their_text)


def _split_front_matter(readme: str) -> tuple[str, dict[str, object]]:
    try:
        card = RepoCard(readme)
        return card.text, dict(card.data.to_dict())  # type: ignore[no-untyped-call]
    except Exception as error:  # the client raises errors of its YAML library
        raise InputError(f"{README_FILE} of the Space has no valid front matter: {error}") from None


def _join_front_matter(fields: Mapping[str, object], text: str) -> str:
    return f"---\n{CardData(ignore_metadata_errors=False, **dict(fields)).to_yaml()}\n---\n\n{text.strip()}\n"


def _read_remote(api: HfApi, repo_id: str, revision: str) -> str:
    with tempfile.TemporaryDirectory() as cache_dir:
        path = api.hf_hub_download(repo_id, README_FILE, repo_type="space", revision=revision, cache_dir=cache_dir)
        return Path(path).read_bytes().decode(errors="replace")


def _require_model(api: HfApi, model_id: str) -> None:
    """Check that the model is on the Hub, and say what a private one needs."""
    try:
        model = api.model_info(model_id)
    except (HfHubHTTPError, ValueError) as error:
        raise describe_hub_error(error, f"model {model_id!r}, which the Space is to serve,") from error
    if model.private or model.gated:
        logger.warning("model %s is not public: the Space needs a secret HF_TOKEN with a token that reads it", model_id)
