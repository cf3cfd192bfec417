"""Pushing against a Hub that fails in every way we know: what arrives, what is said, and that it ends."""

import logging
import re

import huggingface_hub
import pytest
from fake_clock import FakeClock
from local_hub import INVALID_TOKEN, OTHER_TOKEN, READ_TOKEN, WRITE_TOKEN, Fault
from local_hub_repos import Blob, PullRequest

from hf_lstm.config import ModelConfig
from hf_lstm.errors import InputError
from hf_lstm.hub import session as hub_session
from hf_lstm.hub.cards.card import render_card
from hf_lstm.hub.push import push_model_folder, require_login, resolve_repo_id

REPO = "me/imdb-lstm"
PUSH_ENDPOINTS = (
    "create", "info", "validate-yaml", "preupload", "lfs-batch", "lfs-upload", "lfs-verify", "commit",
)  # fmt: skip
PASSING_STATUSES = (408, 429, 500, 502, 503, 504)
RESULTS = b'{\n  "dataset": {\n    "source": "stanfordnlp/imdb"\n  }\n}\n'
"""Of public data, as they are written: nothing has to be taken out."""
HAND_MADE_CARD = b"---\nlicense: mit\n---\n\n# Written by hand\n"


def make_card(title="one"):
    config = ModelConfig(vocab_size=9, id2label={0: "neg", 1: "pos"})
    return render_card(config=config, recipe=None, results=None, repo_id=f"me/{title}").encode()


@pytest.fixture
def folder(tmp_path):
    """A folder with all that a push takes, and things that it must leave."""
    folder = tmp_path / "model"
    folder.mkdir()
    for name, content in {
        "config.json": b'{"vocab_size": 9}',
        "model.safetensors": bytes(range(256)) * 300,
        "tokenizer.json": '{"model": {"é": 1}}'.encode(),
        "README.md": make_card(),
        "recipe.json": b"{}\n",
        "results.json": RESULTS,
        "local.json": b'{"data.dataset": "/home/me/imdb"}',
        "confusion_matrix.png": b"of an evaluation, of any data",
        "report/report.md": b"# Report",
        "report/mistakes.md": b"# Mistakes",
        "report/errors.jsonl": b"{}",
        "report/holiday.png": b"private",
        "report/reliability.png": b"\x89PNG\r\n",
        "report/.hidden.png": b"private",
        "report/rows.arrow": b"large",
        "notes.txt": b"private",
        ".env": b"SECRET=1",
        "optimizer.pt": b"large",
        "checkpoints/config.json": b"old",
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


PUSHED = ("config.json", "model.safetensors", "tokenizer.json", "README.md", "recipe.json", "results.json",
          "report/report.md", "report/mistakes.md", "report/errors.jsonl", "report/reliability.png")  # fmt: skip


def read_folder(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def read_pushed(folder):
    return {name: (folder / name).read_bytes() for name in PUSHED if (folder / name).exists()}


@pytest.fixture
def short_waits(monkeypatch):
    """Waits of hundredths of a second between attempts; an answer may take the time of a busy machine."""
    monkeypatch.setattr(hub_session, "FIRST_DELAY_S", 0.01)
    monkeypatch.setattr(hub_session, "MAX_DELAY_S", 0.02)
    monkeypatch.setattr(hub_session, "SILENCE_TIMEOUT_S", 60.0)
    monkeypatch.setattr(hub_session, "PUSH_RETRY_FOR_S", 60.0)


def expect_silence(kind, monkeypatch):
    """Wait for a Hub that says nothing, where it will, for a time that a test can spend."""
    if kind.startswith("stall"):
        monkeypatch.setattr(hub_session, "SILENCE_TIMEOUT_S", 0.5)


@pytest.fixture
def short_patience(short_waits, monkeypatch):
    """For a Hub that never recovers."""
    monkeypatch.setattr(hub_session, "PUSH_RETRY_FOR_S", 0.2)


@pytest.fixture
def clock(monkeypatch):
    clock = FakeClock()
    monkeypatch.setattr(hub_session, "time", clock)
    return clock


def push(folder, token=WRITE_TOKEN, **options):
    """Push, and check what holds of every push: the folder stays as it is, and no message has the token."""
    before = read_folder(folder)
    outcome = None
    try:
        return push_model_folder(folder, REPO, token=token, **options)
    except InputError as error:
        outcome = error
        raise
    finally:
        assert read_folder(folder) == before
        assert "\n" not in str(outcome)
        assert token is None or token not in str(outcome)


# a Hub without faults


def test_push_uploads_the_model_folder_and_nothing_else(hub, folder):
    url = push(folder)
    assert hub.files(REPO) == read_pushed(folder)
    assert url == f"{hub.endpoint}/{REPO}/commit/{hub.commits(REPO)[-1]}"
    assert len(hub.commits(REPO)) == 2  # the Hub's own first one, and the push
    assert hub.count("lfs-upload") == 1
    assert not hub.repos["model", REPO].is_private


def test_push_without_card_provenance_or_plots(hub, folder):
    for name in set(PUSHED) - {"config.json", "model.safetensors", "tokenizer.json"}:
        (folder / name).unlink()
    push(folder)
    assert set(hub.files(REPO)) == {"config.json", "model.safetensors", "tokenizer.json"}


def test_push_to_an_existing_repository_adds_one_commit_and_keeps_its_other_files(hub, folder):
    hub.add_repo(REPO, files={"config.json": b"old", "other.txt": b"kept"})
    push(folder)
    assert hub.files(REPO) == {**read_pushed(folder), "other.txt": b"kept"}
    assert len(hub.commits(REPO)) == 2


@pytest.fixture
def client_log(caplog):
    """What is logged, the client's lines included."""
    client = logging.getLogger("huggingface_hub")
    client.propagate = True
    yield caplog
    client.propagate = False


def test_pushing_again_says_that_nothing_changed_and_sends_nothing(hub, folder, client_log, capfd):
    first = push(folder)
    client_log.clear()
    hub.requests.clear()
    assert push(folder) == first
    assert client_log.messages == [f"nothing changed, all is there already: {first}"]
    assert capfd.readouterr() == ("", "")
    assert hub.count("preupload", "lfs-batch", "commit") == 0


def test_the_weights_are_not_sent_again_with_a_new_card(hub, folder):
    push(folder)
    (folder / "README.md").write_bytes(make_card("two"))
    hub.requests.clear()
    push(folder)
    assert hub.files(REPO) == read_pushed(folder)
    assert hub.count("preupload", "lfs-batch", "commit") == 2  # files and commit, but no LFS objects


def test_a_commit_whose_answer_was_lost_is_news(hub, folder, short_waits, caplog):
    hub.inject("commit", Fault("lose_response"))
    assert push(folder).endswith(hub.commits(REPO)[-1])
    assert "nothing changed" not in caplog.text


def test_pushing_again_commits_only_what_changed(hub, folder):
    first = push(folder)
    assert push(folder) == first
    assert len(hub.commits(REPO)) == 2
    (folder / "results.json").write_bytes(RESULTS.replace(b"{", b'{\n  "seed": 1,', 1))
    assert push(folder) != first
    assert len(hub.commits(REPO)) == 3
    assert hub.files(REPO) == read_pushed(folder)
    assert hub.count("lfs-upload") == 1


def test_push_takes_the_token_of_the_environment(hub, folder, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", WRITE_TOKEN)
    push(folder, token=None)
    assert {request.token for request in hub.requests if request.endpoint not in ("lfs-upload",)} == {WRITE_TOKEN}


def test_push_leaves_xet_storage_aside(hub, folder, monkeypatch):
    """As users have it, Xet is on; its uploads could not be bounded."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", False)
    push(folder)
    assert hub.files(REPO) == read_pushed(folder)
    assert hub.count("lfs-upload") == 1
    assert hub.count("unknown") == 0
    assert huggingface_hub.constants.HF_HUB_DISABLE_XET is False


def test_push_makes_a_private_repository(hub, folder):
    push(folder, private=True)
    assert hub.repos["model", REPO].is_private


def test_push_does_not_publish_what_should_be_private(hub, folder):
    hub.add_repo(REPO, files={})
    with pytest.raises(InputError, match="'me/imdb-lstm' is public: make it private in its settings"):
        push(folder, private=True)
    assert hub.count("preupload", "lfs-batch", "lfs-upload", "commit") == 0


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors", "tokenizer.json"])
def test_push_of_half_a_model_asks_the_hub_nothing(hub, folder, missing):
    (folder / missing).unlink()
    with pytest.raises(InputError, match=f"has no {re.escape(missing)}; expected a saved LSTMSentiment"):
        push(folder)
    assert hub.requests == []


# branches and pull requests


def test_push_to_a_branch_makes_it_and_leaves_main(hub, folder):
    hub.add_repo(REPO, files={"other.txt": b"kept"})
    url = push(folder, revision="experiments/one")
    assert hub.files(REPO) == {"other.txt": b"kept"}
    assert hub.files(REPO, revision="experiments/one") == {**read_pushed(folder), "other.txt": b"kept"}
    assert url.endswith(hub.repos["model", REPO].branches["experiments/one"])
    assert push(folder, revision="experiments/one") == url
    assert len(hub.commits(REPO)) == 2


@pytest.mark.parametrize("kind", ["drop", "lose_response"])
@pytest.mark.parametrize("endpoint", [*PUSH_ENDPOINTS, "branch"])
def test_push_to_a_branch_survives_a_lost_connection(hub, folder, short_waits, endpoint, kind):
    hub.inject(endpoint, Fault(kind))
    push(folder, revision="next")
    assert hub.files(REPO) == {}
    assert hub.files(REPO, revision="next") == read_pushed(folder)
    assert len(hub.commits(REPO)) == 2


def test_the_card_of_the_branch_is_the_one_that_is_kept(hub, folder):
    hub.add_repo(REPO, files={"README.md": make_card("another")})
    push(folder, revision="next")
    hub.repos["model", REPO].commit({"README.md": Blob(HAND_MADE_CARD)}, "next")
    push(folder, revision="next")
    assert hub.files(REPO, revision="next")["README.md"] == HAND_MADE_CARD


def test_a_pull_request_needs_no_right_to_write_and_changes_no_branch(hub, folder):
    hub.add_repo(REPO, files={"other.txt": b"kept"})
    url = push(folder, create_pr=True, token=OTHER_TOKEN, commit_message="A better one")
    assert url == f"{hub.endpoint}/{REPO}/discussions/1"
    assert hub.files(REPO) == {"other.txt": b"kept"}
    assert hub.files(REPO, revision="refs/pr/1") == {**read_pushed(folder), "other.txt": b"kept"}
    assert hub.repos["model", REPO].pull_requests == [PullRequest(1, "A better one", "someone-else")]


def test_a_pull_request_may_be_pushed_to(hub, folder):
    hub.add_repo(REPO)
    push(folder, create_pr=True)
    (folder / "results.json").write_bytes(RESULTS.replace(b"{", b'{\n  "seed": 1,', 1))
    push(folder, revision="refs/pr/1")
    assert hub.files(REPO, revision="refs/pr/1") == read_pushed(folder)
    assert hub.files(REPO) == {}


@pytest.mark.parametrize("kind", ["drop", "drop_mid_request", "drop_mid_body", "lose_response", "stall"])
@pytest.mark.parametrize("endpoint", [*PUSH_ENDPOINTS, "discussions"])
def test_a_pull_request_is_opened_once_whatever_is_lost(hub, folder, short_waits, monkeypatch, endpoint, kind):
    expect_silence(kind, monkeypatch)
    hub.add_repo(REPO)
    earlier = push(folder, create_pr=True)  # has the same title
    (folder / "results.json").write_bytes(RESULTS.replace(b"{", b'{\n  "seed": 1,', 1))
    (folder / "model.safetensors").write_bytes(bytes(range(256)) * 301)
    hub.inject(endpoint, Fault(kind))
    url = push(folder, create_pr=True)
    assert url == f"{hub.endpoint}/{REPO}/discussions/2" != earlier
    assert len(hub.repos["model", REPO].pull_requests) == 2
    assert hub.files(REPO, revision="refs/pr/2") == read_pushed(folder)


def test_a_pull_request_against_a_branch_that_is_not_there(hub, folder):
    hub.add_repo(REPO)
    with pytest.raises(InputError, match=r"repository 'me/imdb-lstm' at 'nowhere' has no such revision on the Hub"):
        push(folder, create_pr=True, revision="nowhere")


# the card


def test_a_generated_card_is_replaced(hub, folder, caplog):
    hub.add_repo(REPO, files={"README.md": make_card("another")})
    push(folder)
    assert hub.files(REPO) == read_pushed(folder)
    assert "README.md" not in caplog.text


@pytest.mark.parametrize(
    "edited",
    [
        HAND_MADE_CARD,
        make_card("another").replace(b"library_name: hf_lstm", b"library_name: other"),
        b"\xff\xfe no UTF-8",
    ],
    ids=["made by hand", "generated, then edited", "binary"],
)
def test_an_edited_card_is_kept_with_a_warning_unless_told_otherwise(hub, folder, caplog, edited):
    hub.add_repo(REPO, files={"README.md": edited})
    push(folder)
    assert hub.files(REPO) == {**read_pushed(folder), "README.md": edited}
    assert "README.md of me/imdb-lstm was edited on the Hub and is kept" in caplog.text
    push(folder, overwrite_card=True)
    assert hub.files(REPO) == read_pushed(folder)


def test_a_refused_push_says_nothing_of_the_card(hub, folder, client_log):
    hub.add_repo(REPO, files={"README.md": HAND_MADE_CARD})
    hub.inject("commit", Fault("status", status=403, message="no such luck"))
    with pytest.raises(InputError, match="no such luck"):
        push(folder)
    assert client_log.messages == []


def test_an_edited_card_that_is_ours_too_is_no_conflict(hub, folder, caplog):
    (folder / "README.md").write_bytes(HAND_MADE_CARD)
    hub.add_repo(REPO, files={"README.md": HAND_MADE_CARD})
    push(folder)
    assert hub.files(REPO) == read_pushed(folder)
    assert "README.md" not in caplog.text


def test_a_card_edited_while_we_push_is_kept(hub, folder, short_waits, monkeypatch):
    """The commit names the one whose card was looked at, so that the Hub refuses it; the next attempt looks again."""
    hub.add_repo(REPO, files={"README.md": make_card("another")})
    create_commit = huggingface_hub.HfApi.create_commit

    def edit_then_commit(api, *arguments, **options):
        if hub.count("commit") == 0:
            hub.commit(REPO, {"README.md": HAND_MADE_CARD})
        return create_commit(api, *arguments, **options)

    monkeypatch.setattr(huggingface_hub.HfApi, "create_commit", edit_then_commit)
    push(folder)
    assert hub.files(REPO) == {**read_pushed(folder), "README.md": HAND_MADE_CARD}
    assert hub.count("commit") == 2
    assert len(hub.commits(REPO)) == 3


# faults that pass


@pytest.mark.parametrize(
    ("endpoint", "status"),
    [*[(endpoint, 503) for endpoint in PUSH_ENDPOINTS], *[("commit", status) for status in PASSING_STATUSES]],
)
def test_an_error_twice_then_success(hub, folder, short_waits, endpoint, status):
    hub.inject(endpoint, Fault("status", status=status), Fault("status", status=status))
    push(folder)
    assert hub.files(REPO) == read_pushed(folder)
    assert len(hub.commits(REPO)) == 2


@pytest.mark.parametrize("kind", ["drop", "drop_mid_request", "drop_mid_body", "lose_response", "stall"])
@pytest.mark.parametrize("endpoint", PUSH_ENDPOINTS)
def test_a_lost_connection_then_success(hub, folder, short_waits, monkeypatch, endpoint, kind):
    """Also where a request took effect although its response was lost: the commit is not made twice."""
    expect_silence(kind, monkeypatch)
    hub.inject(endpoint, Fault(kind))
    push(folder)
    assert hub.files(REPO) == read_pushed(folder)
    assert len(hub.commits(REPO)) == 2


def test_the_card_is_read_again_after_a_fault(hub, folder, short_waits):
    hub.add_repo(REPO, files={"README.md": HAND_MADE_CARD})
    hub.inject("resolve", Fault("status"), Fault("drop"))
    push(folder)
    assert hub.files(REPO)["README.md"] == HAND_MADE_CARD


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(hub, folder, short_waits, status):
    hub.inject("commit", Fault("status", status=status, retry_after="1"))
    push(folder)
    first, second = [request.received_s for request in hub.requests if request.endpoint == "commit"]
    assert second - first >= 1.0
    assert hub.files(REPO) == read_pushed(folder)


# faults that stay


@pytest.mark.parametrize("status", [429, 503])
def test_a_permanent_error_ends_within_two_minutes(hub, folder, clock, status):
    hub.inject("commit", Fault("status", status=status), forever=True)
    with pytest.raises(InputError) as caught:
        push(folder, retry_hint="python scripts/train.py --push")
    assert str(caught.value) == (
        "push failed: repository 'me/imdb-lstm' is out of reach: "
        f"127.0.0.1 answers {status} to POST /api/models/me/imdb-lstm/commit/main; "
        "check the network and HF_ENDPOINT, or try again later; to push again: python scripts/train.py --push"
    )
    assert clock.sleeps_s == [1, 2, 4] + [8] * 7
    assert sum(clock.sleeps_s) <= 120
    assert hub.count("commit") == len(clock.sleeps_s) + 1
    assert hub.files(REPO) == {}


@pytest.mark.parametrize(
    ("endpoint", "kind"),
    [
        *[(endpoint, kind) for endpoint in ("create", "lfs-upload", "commit") for kind in ("drop", "stall")],
        ("lfs-upload", "drop_mid_request"),
        ("info", "drop_mid_body"),
        ("info", "stall_mid_body"),
    ],
)
def test_a_permanent_fault_ends(hub, folder, short_patience, monkeypatch, endpoint, kind):
    expect_silence(kind, monkeypatch)
    hub.inject(endpoint, Fault(kind), forever=True)
    with pytest.raises(InputError, match=r"^push failed: repository 'me/imdb-lstm' is out of reach: 127\.0\.0\.1"):
        push(folder)
    assert hub.count(endpoint) >= 2


def test_a_slow_upload_that_goes_on_is_no_silence(hub, folder, short_waits, monkeypatch):
    """The time-out is one between bytes, not one of the whole transfer."""
    monkeypatch.setattr(hub_session, "SILENCE_TIMEOUT_S", 2.0)  # less than the whole takes
    (folder / "model.safetensors").write_bytes(bytes(30_000_000))
    hub.upload_pause_s = 0.1
    push(folder)
    assert hub.count("lfs-upload") == 1
    assert hub.files(REPO) == read_pushed(folder)


def test_being_told_to_wait_too_long_ends_at_once(hub, folder, clock):
    hub.inject("create", Fault("status", status=429, retry_after="3600"))
    with pytest.raises(InputError, match="answers 429"):
        push(folder)
    assert clock.sleeps_s == []
    assert hub.count() == 1


def test_nobody_listens(hub, folder, short_patience, monkeypatch):
    monkeypatch.setattr("huggingface_hub.hf_api.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(InputError, match=r"out of reach: 127.0.0.1: .*Connection refused"):
        push(folder)


# what no retry can help


@pytest.mark.parametrize(
    ("token", "message"),
    [
        (
            INVALID_TOKEN,
            "needs a valid token, and the Hub refuses this one: make one at .*/settings/tokens, and log in",
        ),
        (READ_TOKEN, "does not permit this to your token .*you must use a write token"),
        (OTHER_TOKEN, 'does not permit this to your token .*rights to create or change a repo under "me"'),
        (None, "needs a valid token"),
    ],
    ids=["invalid", "read-only", "someone else's", "none"],
)
def test_no_permission_is_said_at_once(hub, folder, clock, token, message):
    with pytest.raises(InputError, match=f"^push failed: repository 'me/imdb-lstm' {message}"):
        push(folder, token=token)
    assert clock.sleeps_s == []
    assert hub.count("create") == 1
    assert ("model", REPO) not in hub.repos


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413])
@pytest.mark.parametrize("endpoint", ["create", "preupload", "lfs-batch", "lfs-upload", "commit"])
def test_refusals_are_not_retried(hub, folder, endpoint, status):
    hub.inject(endpoint, Fault("status", status=status, message="no such luck"), forever=True)
    if endpoint == "create":
        hub.inject("info", Fault("status", status=404), forever=True)  # the client looks whether the repository exists
    with pytest.raises(InputError, match=r"^push failed: repository 'me/imdb-lstm' ") as caught:
        push(folder, retry_hint="again")
    assert hub.count(endpoint) == 1
    assert str(caught.value).endswith("; to push again: again")


def test_push_to_a_repository_of_an_organization_that_exists_but_may_not_be_created(hub, folder):
    """The client goes on after a refused creation if the repository is there."""
    hub.add_repo(REPO, files={})
    hub.inject("create", Fault("status", status=403))
    push(folder)
    assert hub.files(REPO) == read_pushed(folder)


def test_the_token_is_in_no_log(hub, folder, short_patience, client_log, capfd, monkeypatch):
    expect_silence("stall", monkeypatch)
    client_log.set_level(logging.DEBUG)
    hub.inject("create", Fault("status"), Fault("drop"), Fault("stall"))
    hub.inject("commit", Fault("status"), forever=True)
    with pytest.raises(InputError):
        push(folder)
    shown = client_log.text + "".join(capfd.readouterr())
    assert "trying again" in shown
    assert WRITE_TOKEN not in shown


# login


def test_require_login_returns_the_user(hub, monkeypatch):
    assert require_login(WRITE_TOKEN) == "me"
    monkeypatch.setenv("HF_TOKEN", OTHER_TOKEN)
    assert require_login() == "someone-else"


@pytest.mark.parametrize(
    ("token", "message"),
    [
        (None, r"^not logged in to http://127.0.0.1:\d+: log in with `hf auth login` or set HF_TOKEN$"),
        (INVALID_TOKEN, "^the login to the Hub needs a valid token, and the Hub refuses this one: make one at "),
        (READ_TOKEN, "^the login to the Hub has a token that may only read: make one with write permission at "),
        ("hf_with a blank\nand a line", "^the login to the Hub "),
        ("hf_ключ", "^the login to the Hub "),
    ],
    ids=["none", "invalid", "read-only", "line break", "not ASCII"],
)
def test_require_login_says_what_is_wrong(hub, token, message):
    with pytest.raises(InputError, match=message) as caught:
        require_login(token)
    assert token is None or token not in str(caught.value)
    assert not token or token.removeprefix("hf_") not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert hub.count("whoami") <= 1


def test_a_fine_grained_token_may_log_in(hub):
    hub.tokens["hf_fine"] = ("me", "fineGrained")
    assert require_login("hf_fine") == "me"


def test_require_login_survives_a_short_fault_but_does_not_wait_long(hub, clock):
    hub.inject("whoami", Fault("status"), Fault("drop"))
    assert require_login(WRITE_TOKEN) == "me"
    hub.inject("whoami", Fault("status"), forever=True)
    clock.sleeps_s.clear()
    with pytest.raises(InputError, match=r"^the login to the Hub is out of reach: 127\.0\.0\.1 answers 503"):
        require_login(WRITE_TOKEN)
    assert sum(clock.sleeps_s) <= 10


def test_require_login_while_offline(hub, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match="HF_HUB_OFFLINE"):
        require_login(WRITE_TOKEN)
    assert hub.requests == []


# repository ids


@pytest.mark.parametrize(
    ("wanted", "resolved"),
    [("mine", "me/mine"), ("org/theirs", "org/theirs"), ("a.b-c_d/E.f", "a.b-c_d/E.f")],
)
def test_resolve_repo_id(wanted, resolved):
    assert resolve_repo_id(wanted, "me") == resolved


@pytest.mark.parametrize(
    "wanted", ["", "a/b/c", "org/", "/name", "https://huggingface.co/org/name", "with blank", "-x", "a..b", "x" * 97]
)
def test_ids_that_the_hub_refuses(wanted):
    with pytest.raises(InputError, match="expected NAME or OWNER/NAME") as caught:
        resolve_repo_id(wanted, "me")
    assert "\n" not in str(caught.value)
