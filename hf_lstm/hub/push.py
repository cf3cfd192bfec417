"""Pushes a model folder to the Hugging Face Hub."""

import logging
from pathlib import Path

from huggingface_hub import HfApi, ModelInfo, constants
from huggingface_hub.errors import HFValidationError, LocalTokenNotFoundError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

from hf_lstm.errors import InputError
from hf_lstm.files import CARD_FILE, RECIPE_FILE, REPORT_FOLDER, REQUIRED_FILES, RESULTS_FILE, list_report_files
from hf_lstm.hub.commit import Committed, OpenedPullRequest, RepeatableCommit, read_remote_file
from hf_lstm.hub.edit_mark import is_generated
from hf_lstm.hub.errors import HOW_TO_LOG_IN, HUB_ERRORS, describe_hub_error
from hf_lstm.hub.session import READ_RETRY_FOR_S, call_hub

logger = logging.getLogger(__name__)

DEFAULT_MESSAGE = "Push the model"


def require_login(token: str | None = None) -> str:
    """Return the name of the logged-in user, if they may write.

    Args:
        token: access token; by default `HF_TOKEN` or the client's login.

    Raises:
        InputError: nobody is logged in, the token is invalid or may only read, or the Hub cannot be reached.
    """
    try:
        user = call_hub(lambda: HfApi(token=token).whoami(), retry_for_s=READ_RETRY_FOR_S)
    except LocalTokenNotFoundError:
        raise InputError(f"not logged in to {constants.ENDPOINT}: {HOW_TO_LOG_IN}") from None
    except HUB_ERRORS as error:
        raise describe_hub_error(error, "the login to the Hub") from error
    if user.get("auth", {}).get("accessToken", {}).get("role") == "read":
        raise InputError(
            "the login to the Hub has a token that may only read: make one with write permission at "
            f"{constants.ENDPOINT}/settings/tokens, and {HOW_TO_LOG_IN}"
        )
    return str(user["name"])


def resolve_repo_id(repo_id: str | None, user: str, default_name: str = "imdb-lstm") -> str:
    """Return the full id of a repository, `owner/name`.

    It is what was asked for, below `user` if that names no owner.

    Args:
        repo_id: `owner/name`, `name`, or None for `default_name`.
        user: who is logged in.
        default_name: the repository's name if none was asked for.

    Raises:
        InputError: it is not an id that the Hub accepts.
    """
    wanted = default_name if repo_id is None else repo_id
    full_id = wanted if "/" in wanted else f"{user}/{wanted}"
    try:
        validate_repo_id(full_id)
    except HFValidationError as error:
        raise InputError(f"repository id {wanted!r}: expected NAME or OWNER/NAME ({error})") from None
    return full_id


def push_model_folder(
    folder: str | Path,
    repo_id: str,
    *,
    revision: str | None = None,
    create_pr: bool = False,
    private: bool | None = None,
    token: str | None = None,
    commit_message: str = DEFAULT_MESSAGE,
    overwrite_card: bool = False,
    retry_hint: str | None = None,
) -> str:
    """Push a model folder in one commit, and return its URL.

    The repository is made if need be. Uploaded are the model, its provenance, its card, its plots and its report;
    nothing else that lies in the folder, and nothing in it is changed. Pushing again is safe: files that the Hub has
    already are not committed again. If it has them all, a warning says so.

    A card that somebody edited on the Hub is kept, with a warning.

    Args:
        folder: a saved model.
        repo_id: `owner/name`.
        revision: branch to push to, made from `main` if need be; by default `main`.
        create_pr: open a pull request against that branch instead, which needs no right to write there. The URL is
            then that of the pull request, or of the branch's last commit if it has all the files already.
        private: whether a new repository is private; by default as the owner's settings say.
        token: access token; by default `HF_TOKEN` or the client's login.
        commit_message: the commit's title.
        overwrite_card: replace a card that somebody edited, too.
        retry_hint: the command that pushes again, for the error message.

    Raises:
        InputError: the folder lacks a file, the push is not permitted, `private` is asked of a repository that is
            public, or the Hub fails for longer than we retry.
    """
    files = _list_model_files(Path(folder))
    api = HfApi(token=token)

    opened = OpenedPullRequest(api, repo_id, commit_message) if create_pr else None
    commit = RepeatableCommit(api, repo_id, commit_message, revision=revision, create_pr=create_pr)

    def push_once() -> Committed:
        api.create_repo(repo_id, private=private, exist_ok=True)
        if opened and (url := opened.find()):
            return Committed(url, is_new=True)
        if revision is not None and not create_pr and not revision.startswith("refs/"):
            api.create_branch(repo_id, branch=revision, exist_ok=True)
        remote = api.model_info(repo_id, revision=revision)
        if private and not remote.private:
            raise InputError(f"repository {repo_id!r} is public: make it private in its settings, or push elsewhere")
        keeps_card = CARD_FILE in files and not overwrite_card and _has_edited_card(api, remote, files[CARD_FILE])
        uploads = {name: path for name, path in files.items() if not (keeps_card and name == CARD_FILE)}
        assert remote.sha is not None
        committed = commit.attempt(uploads, parent=remote.sha)
        if keeps_card:  # said once the push has succeeded: an error stands alone
            logger.warning("%s of %s was edited on the Hub and is kept as it is there", CARD_FILE, repo_id)
        return committed

    try:
        committed = call_hub(push_once)
    except InputError:
        raise
    except HUB_ERRORS as error:
        hint = f"; to push again: {retry_hint}" if retry_hint else ""
        where = f"repository {repo_id!r}{f' at {revision!r}' if revision else ''}"
        raise InputError(f"push failed: {describe_hub_error(error, where)}{hint}") from error
    if not committed.is_new:
        logger.warning("nothing changed, all is there already: %s", committed.url)
    return committed.url


def _list_model_files(folder: Path) -> dict[str, Path]:
    missing = [name for name in REQUIRED_FILES if not (folder / name).is_file()]
    if missing:
        raise InputError(f"{folder} has no {' and no '.join(missing)}; expected a saved LSTMSentiment")
    names = [*REQUIRED_FILES, CARD_FILE, RECIPE_FILE, RESULTS_FILE, *sorted(path.name for path in folder.glob("*.png"))]
    names += [f"{REPORT_FOLDER}/{path.name}" for path in list_report_files(folder)]
    return {name: folder / name for name in names if (folder / name).is_file()}


def _has_edited_card(api: HfApi, remote: ModelInfo, local_card: Path) -> bool:
    """Return whether somebody edited the repository's card: it is neither generated nor ours."""
    if CARD_FILE not in [sibling.rfilename for sibling in remote.siblings or []]:
        return False
    assert remote.sha is not None
    card = read_remote_file(api, remote.id, CARD_FILE, revision=remote.sha)
    return card != local_card.read_bytes() and not is_generated(card.decode(errors="replace"))
