import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_lstm.demo.guards.request_checks import BodyError, Endpoint, rebuild_body

ENDPOINTS = {
    1: Endpoint("classify", {"text": False}),
    7: Endpoint("classify_batch", {"lines": False, "file": True, "column": False}),
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
)


def rebuild(path, body, folder):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return json.loads(rebuild_body(f"/gradio_api/{path}", content, ENDPOINTS, folder)[0])


@given(text=st.text() | st.none())
def test_texts_are_passed_on_without_all_else(tmp_path_factory, text):
    folder = tmp_path_factory.getbasetemp()
    sent = {"data": [text], "fn_index": 1, "session_hash": "s", "batched": True, "oauth_token": "t", "event_data": [1]}
    expected = {"data": [text], "fn_index": 1, "session_hash": "s", "trigger_id": None}
    assert rebuild("queue/join", sent, folder) == expected
    assert rebuild("call/classify", sent, folder) == {"data": [text], "session_hash": "s"}
    assert rebuild("call/v2/classify/", {"text": text}, folder) == {"text": text}


def test_only_files_that_were_uploaded_are_passed_on(tmp_path):
    folder = tmp_path / "uploads"
    (folder / "hash").mkdir(parents=True)
    (folder / "hash" / "a.csv").touch()
    (tmp_path / "outside.csv").touch()
    (folder / "link.csv").symlink_to(tmp_path / "outside.csv")

    def send(path):
        return rebuild("call/classify_batch", {"data": ["", {"path": path, "url": "http://a"}, None]}, folder)

    path = str(folder / "hash" / "a.csv")
    assert send(path)["data"] == ["", {"path": path, "orig_name": "a.csv", "meta": {"_type": "gradio.FileData"}}, None]
    for other in (
        "",
        "/etc/passwd",
        f"{folder}/../outside.csv",
        f"{folder}/link.csv",
        str(folder),
        "a\0",
        "x" * 9999,
        5,
    ):
        with pytest.raises(BodyError, match="file must be a file that was uploaded"):
            send(other)


@pytest.mark.parametrize("body", [b"", b"\xff", b"[" * 100_000, b'{"data": ' + b"9" * 9999, b"[]", b"5"])
@pytest.mark.parametrize("path", ["queue/join", "call/classify", "call/v2/classify"])
def test_what_is_no_object_is_refused(tmp_path, path, body):
    with pytest.raises(BodyError):
        rebuild(path, body, tmp_path)


@given(body=JSON, key=st.sampled_from(["data", "fn_index", "session_hash", "text", "lines", "file"]))
def test_other_data_is_refused_without_being_repeated(tmp_path_factory, body, key):
    folder = tmp_path_factory.getbasetemp()
    for path in ("queue/join", "call/classify_batch", "call/v2/classify_batch"):
        try:
            rebuilt = rebuild(path, {"data": ["", None, ""], "fn_index": 7, key: body}, folder)
        except BodyError as error:
            message = str(error)
        else:
            message = ""
            assert all(isinstance(value, str | None) for value in rebuilt["data"])
        assert len(message) < 100
