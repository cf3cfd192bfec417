import os
import time

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_lstm.demo.guards import request_checks
from hf_lstm.demo.guards.request_checks import MAX_UPLOAD_BYTES, UPLOAD_LIFETIME_S, check_upload, make_room


def encode(files):
    request = httpx.Request("POST", "http://demo/upload", files=files)
    return request.headers["content-type"], request.read()


@given(st.binary(max_size=500))
def test_one_table_of_any_content_may_be_uploaded(content):
    assert check_upload(*encode({"files": ("a.CSV", content)})) is None


@pytest.mark.parametrize("name", ["a b.csv", "ä.txt", 'quo"te.jsonl', "..\\\\a.tsv", "x" * 300 + ".csv"])
def test_names_may_be_unusual(name):
    assert check_upload(*encode({"files": (name, b"x")})) is None


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ([("files", ("a.csv", b"x")), ("files", ("b.csv", b"x"))], 400),
        ({"files": ("a.html", b"x")}, 415),
        ({"files": ("a.csv.svg", b"x")}, 415),
        ({"files": ("csv", b"x")}, 415),
        ({"files": (None, b"x")}, 400),
        ({"files": ("a.csv", b"x" * (MAX_UPLOAD_BYTES + 100))}, 413),
    ],
)
def test_all_else_is_refused(files, status):
    assert check_upload(*encode(files))[0] == status


@given(st.text(max_size=60), st.binary(max_size=200))
def test_no_body_makes_the_check_fail(content_type, body):
    assert check_upload(content_type, body)[0] == 400
    assert check_upload("multipart/form-data; boundary=b", b"--b" + body + b"--b--")[0] in (400, 415)


def test_old_uploads_make_room_for_new_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(request_checks, "MAX_STORED_UPLOADS", 2)
    assert make_room(tmp_path / "not-made-yet")
    for name in ("first", "second"):
        assert make_room(tmp_path)
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.csv").write_bytes(b"x")
    assert not make_room(tmp_path)
    old = time.time() - UPLOAD_LIFETIME_S - 1
    (tmp_path / "of Gradio").touch()
    for name in ("first", "of Gradio"):
        os.utime(tmp_path / name, (old, old))
    assert make_room(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["of Gradio", "second"]
