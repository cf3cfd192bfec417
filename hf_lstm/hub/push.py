"""Pushes a model folder to the Hugging Face Hub."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, ModelInfo, constants
from huggingface_hub.errors import HFValidationError, LocalTokenNotFoundError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

from hf_lstm.edit_mark import is_unedited
from hf_lstm.errors import InputError
from hf_lstm.files.names import CARD_FILE
from hf_lstm.hub.commit import Committed, OpenedPullRequest, RepeatableCommit, read_remote_file
from hf_lstm.hub.errors import HOW_TO_LOG_IN, HUB_ERRORS, describe_hub_error
from hf_lstm.hub.publication import format_plan, plan_publication
from hf_lstm.hub.session import READ_RETRY_FOR_S, call_hub

logger = logging.getLogger(__name__)

DEFAULT_MESSAGE = "Push the model"


def require_login(token: str | None = None) -> str:
    """Require a login, and return the user's name.

    The token must be allowed to write.

    Args:
        token: access token; by default `HF_TOKEN` or the client's login.

    Raises:
        InputError: nobody is logged in, the token is invalid or may only read, or the Hub cannot be reached.
    """
    try:
        name, role = call_hub(lambda: _read_user(HfApi(token=token).whoami()), retry_for_s=READ_RETRY_FOR_S)
    except LocalTokenNotFoundError:
        raise InputError(f"not logged in to {constants.ENDPOINT}: {HOW_TO_LOG_IN}") from None
    except HUB_ERRORS as error:
        raise describe_hub_error(error, "the login to the Hub") from error
    if role == "read":
        raise InputError(
            "the login to the Hub has a token that may only read: make one with write permission at "
            f"{constants.ENDPOINT}/settings/tokens, and {HOW_TO_LOG_IN}"
        )
    return name


def _read_user(user: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return the user's name, and what the token may do, if the Hub says it."""
    return str(user["name"]), user.get("auth", {}).get("accessToken", {}).get("role")


def resolve_repo_id(repo_id: str, user: str) -> str:
    """Return the full id of a repository, `owner/name`.

    It is what was asked for, below `user` if that names no owner.

    Args:
        repo_id: `owner/name`, or `name`.
        user: who is logged in.

    Raises:
        InputError: it is not an id that the Hub accepts.
    """
    full_id = repo_id if "/" in repo_id else f"{user}/{repo_id}"
    try:
        validate_repo_id(full_id)
    except HFValidationError as error:
        raise InputError(f"repository id {repo_id!r}: expected NAME or OWNER/NAME ({error})") from None
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
    publish_examples: bool = False,
    card: bytes | None = None,
    is_public: bool | None = None,
    retry_hint: str | None = None,
) -> str:
    """Push a model folder in one commit, and return its URL.

    The repository is made if need be. Uploaded are the model, its provenance, its card, its plots and its report;
    nothing else that lies in the folder, and nothing in it is changed. The log lists them before. Pushing again is
    safe: files that the Hub has already are not committed again. If it has them all, a warning says so.

    A model of data that not anybody can read goes without the texts that its report shows. If an earlier push took
    them along, they are deleted. No path of this machine is uploaded.

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
        publish_examples: upload the texts that report and card show, whatever data they are of.
        card: the card to upload; by default the one in the folder.
        is_public: whether anybody can read the data; by default the Hub is asked.
        retry_hint: the command that pushes again, for the error message.

    Raises:
        InputError: the folder lacks a file, its card tells what is private, the push is not permitted, `private` is
            asked of a repository that is public, or the Hub fails for longer than we retry.
    """
    plan = plan_publication(Path(folder), is_public=is_public, publish_examples=publish_examples, card=card)
    is_careful = any(planned.holds_texts for planned in plan)
    logger.log(logging.WARNING if is_careful else logging.INFO, "%s", format_plan(plan, repo_id))
    api = HfApi(token=token)
    push = _Push(
        api=api,
        repo_id=repo_id,
        files={planned.name: planned.content for planned in plan if planned.content is not None},
        texts=[planned.name for planned in plan if planned.holds_texts],
        commit=RepeatableCommit(api, repo_id, commit_message, revision=revision, create_pr=create_pr),
        opened=OpenedPullRequest(api, repo_id, commit_message) if create_pr else None,
        revision=revision,
        private=private,
        keeps_edited_card=not overwrite_card,
    )
    try:
        committed = call_hub(push.attempt)
    except InputError:
        raise
    except HUB_ERRORS as error:
        hint = f"; to push again: {retry_hint}" if retry_hint else ""
        where = f"repository {repo_id!r}{f' at {revision!r}' if revision else ''}"
        raise InputError(f"push failed: {describe_hub_error(error, where)}{hint}") from error
    if not committed.is_new:
        logger.warning("nothing changed, all is there already: %s", committed.url)
    return committed.url


@dataclass(frozen=True, kw_only=True)
class _Push:
    """Pushes files to a repository, in as many attempts as needed."""

    api: HfApi
    repo_id: str
    files: Mapping[str, Path | bytes]
    """By their path in the repository."""
    texts: Sequence[str]
    """Paths of files with texts of the data, which the repository must not have."""
    commit: RepeatableCommit
    opened: OpenedPullRequest | None
    """None if the push goes to the branch itself."""
    revision: str | None
    private: bool | None
    keeps_edited_card: bool

    def attempt(self) -> Committed:
        """Make the repository and the branch, if need be, and commit the files."""
        self.api.create_repo(self.repo_id, private=self.private, exist_ok=True)
        if self.opened and (url := self.opened.find()):
            return Committed(url, is_new=True)
        if self.revision is not None and not self.opened and not self.revision.startswith("refs/"):
            self.api.create_branch(self.repo_id, branch=self.revision, exist_ok=True)
        remote = self.api.model_info(self.repo_id, revision=self.revision)
        if self.private and not remote.private:
            raise InputError(
                f"repository {self.repo_id!r} is public: make it private in its settings, or push elsewhere"
            )
        uploads: dict[str, Path | bytes | None] = {**self.files, **dict.fromkeys(self.texts)}
        card = self.files.get(CARD_FILE)
        keeps_card = isinstance(card, bytes) and self.keeps_edited_card and _has_edited_card(self.api, remote, card)
        if keeps_card:
            del uploads[CARD_FILE]
        assert remote.sha is not None
        committed = self.commit.attempt(uploads, parent=remote.sha)
        if keeps_card:  # said once the push has succeeded: an error stands alone
            logger.warning("%s of %s was edited on the Hub and is kept as it is there", CARD_FILE, self.repo_id)
        if stale := sorted(set(self.texts) & {sibling.rfilename for sibling in remote.siblings or []}):
            logger.warning("%s was there and is deleted, but stays in the repository's history", " and ".join(stale))
        return committed


def _has_edited_card(api: HfApi, remote: ModelInfo, local_card: bytes) -> bool:
    """Return whether somebody edited the repository's card.

    It is then neither generated nor the one to push.
    """
    if CARD_FILE not in [sibling.rfilename for sibling in remote.siblings or []]:
        return False
    assert remote.sha is not None
    card = read_remote_file(api, remote.id, CARD_FILE, revision=remote.sha)
    return card != local_card and not is_unedited(card.decode(errors="replace"))
