"""What is said of each error that the real client raises: one line, with the cause and the remedy, without a token."""

import errno
import re

import huggingface_hub
import pytest
from datasets import load_dataset
from huggingface_hub import hf_hub_download, snapshot_download
from hypothesis import given
from hypothesis import strategies as st
from local_hub import INVALID_TOKEN, OTHER_TOKEN, Fault

from hf_lstm.errors import InputError
from hf_lstm.hub.errors import HUB_ERRORS, HubUnavailable, describe_hub_error, write_on_one_line

WHAT = "model 'me/x'"


@pytest.fixture
def describe(hub, tmp_path, monkeypatch):
    """Returns what is said when a download of `me/x` fails; the client's own retries take no time."""
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda seconds: None)
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)
    hub.add_repo("me/x", files={"config.json": b"{}" * 5000})

    def describe(repo_id="me/x", file=None, **options):
        arguments = {"repo_id": repo_id, "cache_dir": tmp_path / "cache", **options}
        with pytest.raises(HUB_ERRORS) as caught:
            hf_hub_download(filename=file, **arguments) if file else snapshot_download(**arguments)
        described = describe_hub_error(caught.value, WHAT)
        assert type(described) is InputError
        assert "\n" not in str(described)
        assert "hf_" not in str(described)
        return str(described)

    return describe


LOG_IN = "log in with `hf auth login` or set HF_TOKEN"


def test_no_such_repository(describe):
    expected = f"model 'me/x' is not on the Hub, or is private: check the name, or {LOG_IN}"
    assert describe("me/none") == expected
    assert describe("me/none", token=OTHER_TOKEN) == expected
    assert describe("none") == expected
    assert describe("me/none", file="config.json") == expected


def test_private_repository(hub, describe):
    hub.add_repo("me/x", files={}, private=True)
    assert describe() == f"model 'me/x' is not on the Hub, or is private: check the name, or {LOG_IN}"


@pytest.mark.parametrize("token", [False, OTHER_TOKEN])
def test_gated_repository(hub, describe, token):
    hub.add_repo("me/x", files={"config.json": b"{}"}, gated=True)
    expected = f"model 'me/x' is gated: accept its terms on its page on the Hub, and {LOG_IN}"
    assert describe(token=token) == expected
    assert describe(token=token, file="config.json") == expected


@pytest.mark.parametrize("revision", ["v9", "0" * 40])
def test_no_such_revision(describe, revision):
    expected = "model 'me/x' has no such revision on the Hub: check the branch, tag or commit"
    assert describe(revision=revision) == expected
    assert describe(revision=revision, file="config.json") == expected


def test_no_such_file(describe):
    assert describe(file="sub/nope.json") == "model 'me/x' has no file 'sub/nope.json' on the Hub"


def test_invalid_token(hub, describe):
    assert describe(token=INVALID_TOKEN) == (
        "model 'me/x' needs a valid token, and the Hub refuses this one: "
        f"make one at {hub.endpoint}/settings/tokens, and {LOG_IN}"
    )


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (402, "needs a paid plan, says the Hub (no such luck)"),
        (403, "does not permit this to your token (no such luck); use one that may, see {endpoint}/settings/tokens"),
        (418, "is refused: the Hub answers 418 (no such luck)"),
        (429, "is out of reach: the Hub answers 429 (no such luck); try again later"),
        (500, "is out of reach: the Hub answers 500 (no such luck); try again later"),
        (503, "is out of reach: the Hub answers 503 (no such luck); try again later"),
    ],
)
@pytest.mark.parametrize("endpoint", ["info", "tree", "resolve"])
def test_error_status(hub, describe, endpoint, status, expected):
    hub.inject(endpoint, Fault("status", status=status, message="no such  luck"), forever=True)
    assert describe() == f"model 'me/x' {expected.format(endpoint=hub.endpoint)}"


@pytest.mark.parametrize("kind", ["drop", "drop_mid_body"])
@pytest.mark.parametrize("endpoint", ["info", "tree", "resolve"])
def test_lost_connection(hub, describe, endpoint, kind):
    hub.inject(endpoint, Fault(kind), forever=True)
    said = describe()
    assert said.startswith(f"model 'me/x' is out of reach: the Hub at {hub.endpoint} does not answer (")
    assert said.endswith("); check the network and HF_ENDPOINT, or set HF_HUB_OFFLINE=1 to use what is cached")


@pytest.mark.parametrize(
    ("endpoint", "reason"),
    [
        ("http://127.0.0.1:9", "Connection refused"),
        ("http://no-such-host.invalid", "Name or service not known|name resolution|nodename"),
        ("nonsense", "missing an 'http://' or 'https://' protocol"),
    ],
)
def test_nobody_listens(describe, endpoint, reason):
    assert re.search(
        rf"does not answer \(.*({reason}).*\); check the network and HF_ENDPOINT", describe(endpoint=endpoint)
    )


def test_offline(describe, monkeypatch):
    expected = "model 'me/x' is not in the cache, and the client is offline: unset HF_HUB_OFFLINE to download it"
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert describe() == expected
    assert describe(file="config.json") == expected


def test_cache_alone(describe):
    assert describe(local_files_only=True).startswith("model 'me/x' is not in the cache")
    assert describe(local_files_only=True, file="config.json").startswith("model 'me/x' is not in the cache")


def test_a_name_that_no_repository_has(describe):
    assert describe("me//x y").startswith("model 'me/x' is not a name that the Hub knows: Repo id must")


def test_cache_that_cannot_be_written(describe, tmp_path):
    (tmp_path / "file").touch()
    said = describe(cache_dir=tmp_path / "file")
    assert said.startswith("model 'me/x' cannot be read or stored (")
    assert str(tmp_path / "file") in said


def test_disk_full():
    error = OSError(errno.ENOSPC, "No space left on device", "/cache/blob")
    expected = "cannot be stored (/cache/blob), the disk is full: free some space, or set HF_HOME to a folder elsewhere"
    assert str(describe_hub_error(error, WHAT)) == f"{WHAT} {expected}"


def test_a_disk_that_does_not_say_where_it_fails():
    said = str(describe_hub_error(OSError(errno.EIO, "Input/output error"), WHAT))
    assert said == f"{WHAT} cannot be read or stored: Input/output error"


def test_hub_unavailable():
    error = RuntimeError("Error while uploading")
    error.__cause__ = HubUnavailable("the Hub is silent for 20 s")
    expected = "is out of reach: the Hub is silent for 20 s; check the network and HF_ENDPOINT, or try again later"
    assert str(describe_hub_error(error, WHAT)) == f"{WHAT} {expected}"


def test_a_hidden_cause_is_not_told():
    error = ValueError("the real one")
    error.__context__ = HubUnavailable("long since handled")
    error.__suppress_context__ = True
    assert str(describe_hub_error(error, WHAT)) == "model 'me/x' is out of reach: the real one"


@pytest.mark.parametrize("repo_id", ["me/none", "me/data"])
def test_data_sets(hub, describe, repo_id):
    hub.add_repo("me/data", repo_type="dataset", files={"train.csv": b"text,label\na,0\n"}, private=True)
    with pytest.raises(HUB_ERRORS) as caught:
        load_dataset(repo_id)
    assert str(describe_hub_error(caught.value, f"data set {repo_id!r}")) == (
        f"data set {repo_id!r} is out of reach: Dataset '{repo_id}' doesn't exist on the Hub or cannot be accessed."
    )


@given(st.text())
def test_messages_stay_on_one_line(text):
    line = write_on_one_line(text)
    assert len(line.splitlines()) <= 1
    assert len(line) <= 300


@pytest.mark.parametrize(
    "message",
    ["Illegal header value b'Bearer hf_abcDEF123\\n'", "Illegal header value b'Bearer secret-of-another-form\\n'",
     'the token "hf_abcDEF123" is invalid'],
)  # fmt: skip
def test_tokens_are_left_out(message):
    line = write_on_one_line(message)
    assert "abc" not in line
    assert "secret" not in line
    assert "<token>" in line
