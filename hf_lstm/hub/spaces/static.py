"""Deploys a static page as a Space, which the Hub serves for nothing, without a computer behind it."""

from pathlib import Path

from huggingface_hub import HfApi

from hf_lstm.edit_mark import add_edit_mark, is_unedited
from hf_lstm.errors import InputError
from hf_lstm.hub.commit import RepeatableCommit, read_remote_file
from hf_lstm.hub.errors import HUB_ERRORS, describe_hub_error
from hf_lstm.hub.session import call_hub
from hf_lstm.hub.spaces.demo import Deployment, make_space
from hf_lstm.hub.spaces.page import README_FILE, join_front_matter


def deploy_static_space(
    repo_id: str, page_folder: Path, *, model_id: str, private: bool | None = None, token: str | None = None
) -> Deployment:
    """Deploy the page of a model to a new or existing static Space, in one commit.

    Args:
        repo_id: `owner/name` of the Space.
        page_folder: what `export_browser` wrote.
        model_id: `owner/name` of the model, for the Space's README.
        private: whether a new Space is private; by default as the owner's settings say.
        token: access token; by default `HF_TOKEN` or the client's login.

    Raises:
        InputError: the Space is of another kind or not permitted, or the Hub keeps failing.
    """
    api = HfApi(token=token)
    commit = RepeatableCommit(api, repo_id, "Deploy the page", repo_type="space")

    def deploy_once() -> Deployment:
        space = make_space(api, repo_id, "static", private=private)
        if space.sdk not in (None, "static"):
            raise InputError(f"Space {repo_id!r} is one of {space.sdk}, not a static one: choose another name")
        files: dict[str, Path | bytes | None] = {path.name: path for path in sorted(page_folder.iterdir())}
        assert space.sha is not None
        names = {sibling.rfilename for sibling in space.siblings or []}
        current = b""
        if {README_FILE, "index.html"} <= names:
            current = read_remote_file(api, repo_id, README_FILE, revision=space.sha, repo_type="space")
        if not current or is_unedited(current.decode(errors="replace")):  # else it is its owner's
            files[README_FILE] = render_static_readme(model_id).encode()
        committed = commit.attempt(files, parent=space.sha)
        return Deployment(f"{api.endpoint}/spaces/{repo_id}", model_id, committed.is_new)

    try:
        return call_hub(deploy_once)
    except InputError:
        raise
    except HUB_ERRORS as error:
        raise InputError(f"{describe_hub_error(error, f'Space {repo_id!r}')}") from error


def render_static_readme(model_id: str) -> str:
    """Build the README of a static Space."""
    fields = {
        "title": model_id.rpartition("/")[2],
        "sdk": "static",
        "app_file": "index.html",
        "models": [model_id],
        "short_description": "Classifies texts in your browser",
    }
    text = (
        f"# {fields['title']} in the browser\n\n"
        f"The model [{model_id}](https://huggingface.co/{model_id}) runs in the page itself. "
        "No text leaves the browser."
    )
    return add_edit_mark(join_front_matter(fields, text))
