"""Tests what is used when the Hub keeps failing: what the client finds in its cache, with a warning, or an error."""

import logging
import os
import sys
from pathlib import Path

import pytest
from huggingface_hub import HfApi, constants, hf_hub_download
from local_hub import Fault

from hf_lstm.errors import InputError
from hf_lstm.files.writing import write_json
from hf_lstm.hub import session as hub_session
from hf_lstm.hub.download import fetch_hub_file, fetch_model_folder, list_hub_files
from hf_lstm.hub.errors import HOW_TO_LOG_IN, HubUnavailable
from hf_lstm.hub.session import fetch_from_hub
from hf_lstm.records.search import SEARCH_FILE

FILES = {"config.json": b"{}", "model.safetensors": b"weights", "tokenizer.json": b"{}", "recipe.json": b"{}"}
WORDS = {"what": "the words", "remedy": "or pass a file"}


@pytest.fixture(autouse=True)
def short_patience(monkeypatch):
    monkeypatch.setattr(hub_session, "FIRST_DELAY_S", 0.01)
    monkeypatch.setattr(hub_session, "READ_RETRY_FOR_S", 0.02)


@pytest.fixture(autouse=True)
def new_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))


def fail(hub, kind="status", endpoints=("info", "tree", "resolve")):
    hub.requests.clear()
    for endpoint in endpoints:
        hub.inject(endpoint, Fault(kind), forever=True)


def read(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("kind", ["status", "drop"])
def test_the_cache_is_used_by_the_client_once_the_retries_are_spent(hub, caplog, kind):
    hub.add_repo("me/x", files=FILES)
    path = hf_hub_download("me/x", "config.json")
    fail(hub, kind)
    calls = []

    def fetch():
        calls.append(hub.count())
        return hf_hub_download("me/x", "config.json")

    assert fetch_from_hub(fetch) == path
    assert calls == [*range(len(calls) - 1), hub.count()]  # each attempt sends one request, and the last one none
    assert hub.count() >= 2
    *waits, last = caplog.records
    assert len(waits) == 1  # however often it tried
    assert last.levelno == logging.WARNING
    assert last.getMessage().startswith("the Hub does not answer (127.0.0.1")
    assert last.getMessage().endswith("): using what was downloaded earlier")


def test_a_short_fault_is_waited_for_although_the_cache_has_a_copy(hub, caplog):
    hub.add_repo("me/x", files=FILES)
    fetch_model_folder("me/x")
    hub.commit("me/x", {"config.json": b'{"new": 1}'})
    hub.inject("info", Fault("status"))
    assert read(fetch_model_folder("me/x"))["config.json"] == b'{"new": 1}'
    assert "downloaded earlier" not in caplog.text


def test_without_a_copy_the_failure_is_raised_at_once(hub, monkeypatch):
    sleeps_s = []
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", sleeps_s.append)  # of the client's own retries
    hub.add_repo("me/x", files=FILES)
    fail(hub)
    with pytest.raises(HubUnavailable, match=r"answers 503 to HEAD /me/x/resolve/main/config\.json"):
        fetch_from_hub(lambda: hf_hub_download("me/x", "config.json"))
    assert all(seconds < 0.1 for seconds in sleeps_s)
    with pytest.raises(InputError, match=r"^model 'me/x' is out of reach: 127\.0\.0\.1 answers 503 to GET"):
        fetch_model_folder("me/x")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("flagshp", "; did you mean flagship?"),
        ("flagship_tiny", "; did you mean flagship-tiny?"),
        ("runs/mood", "; in the folder 'runs' here is no 'mood'"),
        ("me/mood", ""),
        ("mood", ""),
    ],
)
def test_a_name_that_is_no_model_is_told_what_may_be_meant(hub, tmp_path, monkeypatch, name, hint):
    (tmp_path / "runs").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as error:
        fetch_model_folder(name)
    assert str(error.value).startswith(f"model '{name}' is not on the Hub")
    assert str(error.value).endswith(f"{HOW_TO_LOG_IN}{hint}")


def test_a_folder_that_is_not_there_is_told_without_a_network_too(hub, tmp_path, monkeypatch):
    (tmp_path / "runs").mkdir()
    monkeypatch.chdir(tmp_path)
    fail(hub)
    with pytest.raises(
        InputError, match=r"^model 'runs/mood' is out of reach: .*; in the folder 'runs' here is no 'mo"
    ):
        fetch_model_folder("runs/mood")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names are Unicode elsewhere")
def test_a_folder_whose_name_is_not_utf8_is_told(tmp_path):
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    os.mkdir(folder)
    with pytest.raises(
        InputError, match=r"^model '.*caf.udce9': the folder's name is not UTF-8; rename it, or name it"
    ):
        fetch_model_folder(folder)


def test_a_model_that_is_no_name_is_told():
    with pytest.raises(InputError, match=r"^the model is NoneType; expected a folder or a Hub id like org/name$"):
        fetch_model_folder(None)


def test_a_new_download_is_not_replaced_by_an_earlier_one(hub, caplog):
    hub.add_repo("me/x", files=FILES)
    fetch_model_folder("me/x")
    fail(hub)
    with pytest.raises(InputError, match=r"^model 'me/x' is out of reach: 127\.0\.0\.1 answers 503 to GET"):
        fetch_model_folder("me/x", force_download=True)
    assert "downloaded earlier" not in caplog.text


def test_an_earlier_version_will_do_where_the_new_one_cannot_be_listed(hub, caplog):
    hub.add_repo("me/x", files=FILES)
    fetch_model_folder("me/x")
    hub.commit("me/x", {"config.json": b'{"new": 1}'})
    fail(hub, endpoints=["tree"])
    assert read(fetch_model_folder("me/x")) == FILES
    assert "using what was downloaded earlier" in caplog.text


@pytest.mark.parametrize("is_needed", [True, False])
def test_a_download_that_broke_off_is_used_if_it_has_what_a_model_needs(hub, caplog, is_needed):
    missing = "model.safetensors" if is_needed else "recipe.json"
    hub.add_repo("me/x", files=FILES)
    (fetch_model_folder("me/x") / missing).unlink()
    fail(hub)
    if is_needed:
        with pytest.raises(InputError, match=r"^model 'me/x' is out of reach: 127\.0\.0\.1 answers 503 to GET"):
            fetch_model_folder("me/x")
    else:
        assert set(read(fetch_model_folder("me/x"))) == set(FILES) - {missing}
    assert ("using what was downloaded earlier" in caplog.text) == (not is_needed)


@pytest.mark.parametrize("is_offline", [True, False])
def test_files_of_the_second_type_are_found_in_the_cache(hub, monkeypatch, caplog, is_offline):
    types = ("dataset", "model")
    hub.add_repo("me/x", files={"a.txt": b"a", "sub/b.txt": b"b"})
    for file in ("a.txt", "sub/b.txt"):
        fetch_hub_file("me/x", file, repo_types=types, **WORDS)
    fail(hub)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", is_offline)
    assert list_hub_files("me/x", repo_types=types, **WORDS) == ["a.txt", "sub/b.txt"]
    assert Path(fetch_hub_file("me/x", "sub/b.txt", repo_types=types, **WORDS)).read_bytes() == b"b"
    assert caplog.text.count("using what was downloaded earlier") == (0 if is_offline else 2)


@pytest.mark.parametrize(
    ("is_offline", "reason"),
    [
        (True, "is not in the cache, and the client is offline: unset HF_HUB_OFFLINE to download it"),
        (False, r"is out of reach: 127\.0\.0\.1 answers 503 to .*; check the network and HF_ENDPOINT, .*"),
    ],
)
def test_files_that_the_cache_does_not_have(hub, monkeypatch, is_offline, reason):
    fail(hub)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", is_offline)
    expected = f"^the words {reason}; or pass a file$"
    with pytest.raises(InputError, match=expected):
        list_hub_files("me/x", repo_types=("dataset", "model"), **WORDS)
    with pytest.raises(InputError, match=expected):
        fetch_hub_file("me/x", "a.txt", repo_types=("dataset", "model"), **WORDS)


def test_a_refusal_is_neither_waited_for_nor_hidden_by_the_cache(hub):
    hub.inject("whoami", Fault("status", status=403, message="no luck"), forever=True)
    with pytest.raises(Exception, match="no luck"):
        fetch_from_hub(lambda: HfApi().whoami(token="hf_x"))
    assert hub.count() == 1


def test_a_file_is_no_model_and_the_hub_is_not_asked_for_it(tmp_path, monkeypatch):
    (tmp_path / "model.onnx").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    for name in ("model.onnx", tmp_path / "model.onnx"):
        with pytest.raises(InputError, match="is a file; expected the folder of a saved model") as caught:
            fetch_model_folder(name)
        assert "\n" not in str(caught.value)


def test_the_folder_of_a_search_is_told_from_that_of_its_best_model(tmp_path):
    (tmp_path / ".unfinished").mkdir()
    with pytest.raises(InputError, match="holds an unfinished run: go on with the command that began it, and --resume"):
        fetch_model_folder(tmp_path)
    write_json(tmp_path / SEARCH_FILE, {})
    with pytest.raises(InputError, match=r"has no config.json .*; it is the folder of a search, .* in 'best' there"):
        fetch_model_folder(tmp_path)
