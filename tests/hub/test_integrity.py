"""Tests that no damaged file of the Hub is used or stays in the cache, and that each failure is one line."""

import shutil
from contextlib import nullcontext

import pytest
from fake_clock import FakeClock
from huggingface_hub import constants
from huggingface_hub.utils import httpx
from local_hub import WRITE_TOKEN, Fault

from hf_lstm.errors import InputError
from hf_lstm.hub import bodies
from hf_lstm.hub import session as hub_session
from hf_lstm.hub.download import fetch_hub_file, fetch_model_folder
from hf_lstm.hub.errors import HubUnavailable, iterate_causes
from hf_lstm.hub.push import push_model_folder, require_login

FILES = {
    "config.json": b"{}" * 50,
    "model.safetensors": b"weights" * 50,  # in LFS storage, whose digests are SHA-256
    "tokenizer.json": b"{}" * 20,
    "recipe.json": b"{}",
}
WORDS = {"what": "the words", "remedy": "or pass a file"}


@pytest.fixture(autouse=True)
def short_patience(monkeypatch):
    monkeypatch.setattr(hub_session, "FIRST_DELAY_S", 0.01)
    monkeypatch.setattr(hub_session, "READ_RETRY_FOR_S", 0.02)
    monkeypatch.setattr(hub_session, "PUSH_RETRY_FOR_S", 0.02)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def read(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "recipe.json"])
@pytest.mark.parametrize("has_links", [True, False])
def test_a_file_that_was_damaged_in_the_cache_is_downloaded_anew(hub, monkeypatch, name, has_links):
    if not has_links:  # as on Windows
        monkeypatch.setattr("huggingface_hub.file_download.are_symlinks_supported", lambda folder=None: False)
    hub.add_repo("me/x", files=FILES)
    path = fetch_model_folder("me/x") / name
    assert path.is_symlink() == has_links
    path.resolve().write_bytes(path.read_bytes()[:-1] + b"?")
    hub.requests.clear()
    assert read(fetch_model_folder("me/x")) == FILES
    assert [request.path for request in hub.requests if request.method == "GET" and request.endpoint == "resolve"] == [
        f"/me/x/resolve/{hub.commits('me/x')[-1]}/{name}"
    ]


def test_a_file_that_was_damaged_in_the_cache_is_refused_offline_and_leaves_it(hub, monkeypatch):
    hub.add_repo("me/x", files=FILES)
    path = fetch_model_folder("me/x") / "model.safetensors"
    path.resolve().write_bytes(b"other weights")
    with pytest.raises(InputError, match=r"^model 'me/x': 'model\.safetensors' in the cache was damaged, .*; download"):
        fetch_model_folder("me/x", local_files_only=True)
    assert not path.exists()
    assert read(fetch_model_folder("me/x")) == FILES


@pytest.mark.parametrize("kind", ["flip_byte", "cut", "other_commit"])
def test_a_fault_of_a_download_is_mended_once_and_refused_if_it_stays(hub, cache, kind):
    hub.add_repo("me/x", files=FILES)
    hub.inject("resolve", *[Fault(kind)] * 2)  # the sizes are in the answer to HEAD, too
    assert read(fetch_model_folder("me/x")) == FILES
    shutil.rmtree(cache)
    hub.inject("resolve", Fault(kind), forever=True)
    with pytest.raises(InputError, match=r"^model 'me/x'") as caught:
        fetch_model_folder("me/x")
    assert "\n" not in str(caught.value)
    hub.inject("resolve", Fault("status"), forever=True)
    with pytest.raises(InputError):  # nothing of it is used later
        fetch_model_folder("me/x")


def test_the_list_of_files_may_be_what_is_wrong(hub, monkeypatch):
    hub.add_repo("me/x", files=FILES)
    folder = fetch_model_folder("me/x")
    (listed,) = (folder.parent.parent / "trees").glob("*.json")
    listed.write_text(listed.read_text().replace('"blob_id": "', '"blob_id": "0').replace('0"', '"'))
    assert read(fetch_model_folder("me/x")) == FILES


def test_a_single_file_is_compared_too(hub):
    hub.add_repo("me/x", files={"words/a.txt": b"some words"})
    hub.inject("resolve", Fault("flip_byte"), Fault("flip_byte"))
    path = fetch_hub_file("me/x", "words/a.txt", **WORDS)
    assert path.read_bytes() == b"some words"
    path.resolve().write_bytes(b"same words")
    assert fetch_hub_file("me/x", "words/a.txt", **WORDS).read_bytes() == b"some words"
    path.resolve().unlink()
    hub.inject("resolve", Fault("flip_byte"), forever=True)
    with pytest.raises(InputError, match=r"^the words: 'words/a\.txt' comes from the Hub damaged"):
        fetch_hub_file("me/x", "words/a.txt", **WORDS)
    assert not path.exists()


@pytest.mark.parametrize("endpoint", ["info", "tree", "resolve"])
def test_a_body_that_trickles_ends(hub, monkeypatch, endpoint):
    monkeypatch.setattr(bodies, "MAX_WAIT_S", 0.3)
    hub.trickle_pause_s = 0.05
    hub.add_repo("me/x", files=FILES)
    hub.inject(endpoint, Fault("trickle"), forever=True)
    with pytest.raises(InputError, match=r"^model 'me/x' is out of reach: 127\.0\.0\.1 sends too little of /"):
        fetch_model_folder("me/x")
    assert hub.count(endpoint) <= 2 * len(FILES)  # no further attempts: HEAD and GET of each file


@pytest.mark.parametrize(("share_of_rate", "ends"), [(1.01, False), (0.9, True)])
def test_a_slow_body_that_goes_on_has_its_time(monkeypatch, share_of_rate, ends):
    clock = FakeClock()
    monkeypatch.setattr(bodies, "time", clock)

    def send():
        for _ in range(1000):
            clock.sleep(1.0)
            yield bytes(int(share_of_rate * bodies.MIN_BYTES_PER_S))

    received = bodies.Patience().wait_for(httpx.URL("http://hub/file"), send())
    with pytest.raises(HubUnavailable, match="hub sends too little of /file in 60 s") if ends else nullcontext():
        assert len(list(received)) == 1000


@pytest.mark.parametrize("kind", ["html", "list"])
@pytest.mark.parametrize(
    "endpoint", ["info", "tree", "resolve", "whoami", "create", "preupload", "lfs-batch", "commit"]
)
def test_what_is_no_answer_of_a_hub_is_one_line(hub, tmp_path, kind, endpoint):
    hub.inject(endpoint, Fault(kind), forever=True)
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)

    def act():
        if endpoint == "whoami":
            require_login(WRITE_TOKEN)
        elif endpoint in ("info", "tree", "resolve"):
            hub.add_repo("me/x", files=FILES)
            fetch_model_folder("me/x")
        else:
            push_model_folder(tmp_path, "me/x", token=WRITE_TOKEN)

    with pytest.raises(InputError) as caught:
        act()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 500])
@pytest.mark.parametrize("token", [WRITE_TOKEN, "a secret of another form"])
def test_a_refusal_that_repeats_the_token_shows_it_nowhere(hub, tmp_path, caplog, status, token):
    hub.tokens[token] = hub.tokens[WRITE_TOKEN]
    hub.inject("create", Fault("echo_token", status=status), forever=True)
    hub.inject("info", Fault("echo_token", status=status), forever=True)
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        push_model_folder(tmp_path, "me/x", token=token)
    for error in iterate_causes(caught.value):  # a traceback shows them, too
        assert token not in str(error)
    assert token not in caplog.text
