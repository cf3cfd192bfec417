"""The demo as clients on the other side of real HTTP see it; browser/ has the page."""

import csv
import functools
import io
import json
import os
import re
import socket
import threading
import time
from pathlib import Path

import httpx
import pytest
import torch
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from random_model import build_model

from hf_lstm.demo import app as demo_module
from hf_lstm.demo import single_tab as demo_single
from hf_lstm.demo.app import build_demo, launch_demo
from hf_lstm.demo.batch_rows import MAX_ROWS, NO_KNOWN_WORD
from hf_lstm.demo.endpoints import MAX_CHARACTERS
from hf_lstm.demo.guards import limits
from hf_lstm.demo.guards.request_checks import MAX_UPLOAD_BYTES
from hf_lstm.demo.single_tab import explain_words
from hf_lstm.errors import InputError

REPO_ROOT = Path(__file__).resolve().parents[2]
SENTINEL = "sentinel-3f9c1e"
PATIENCE_S = 600  # a machine that is busy answers late
get, post = functools.partial(httpx.get, timeout=PATIENCE_S), functools.partial(httpx.post, timeout=PATIENCE_S)


@pytest.fixture(scope="module")
def model():
    return build_model()


@pytest.fixture(scope="module")
def address(model):
    """Address of a served demo; the process's environment holds the sentinel.

    These tests send more in a few seconds than one visitor may: `test_limits.py` has what is allowed.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEMO_TEST_SECRET", SENTINEL)
        patch.setattr(limits, "ALLOWANCES", dict.fromkeys(limits.ALLOWANCES, limits.Allowance(10_000, 1_000)))
        demo = build_demo(model, model_id="org/imdb-lstm")
        yield launch_demo(demo)
        demo.close(verbose=False)


@pytest.fixture(scope="module")
def client(address):
    return Client(address, verbose=False, httpx_kwargs={"timeout": PATIENCE_S})


def measure_cpu_s(action):
    """Return the processor time of this process, which the demo runs in: the wall clock would tell of other work."""
    started = time.process_time()
    action()
    return time.process_time() - started


def call(address, data, endpoint="classify"):
    """Send what no client would, and return the last event and its data."""
    url = f"{address}gradio_api/call/{endpoint}"
    response = post(url, content=data, headers={"Content-Type": "application/json"})
    response.raise_for_status()
    answer = get(f"{url}/{response.json()['event_id']}").text
    event, data = re.search(r"event: (\w+)\ndata: (.*)\n\n$", answer).groups()
    return event, json.loads(data)


@pytest.mark.parametrize(
    "text", ["a wonderful film", "<b>dull</b>\0 film \U0001f600 \u202efilm", "film " * (MAX_CHARACTERS // 5)]
)
def test_client_gets_label_and_probabilities(client, model, text):
    answer = client.predict(text, api_name="/classify")
    confidences = {each["label"]: each["confidence"] for each in answer["confidences"]}
    expected = model.predict_proba(text)[0].tolist()
    assert confidences == pytest.approx(dict(zip(["neg", "pos"], expected, strict=True)), abs=1e-6)
    assert sum(confidences.values()) == pytest.approx(1, abs=1e-6)
    assert answer["label"] == max(confidences, key=confidences.get) == model.predict(text)["label"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Please enter a text first."),
        (" \n\t\u3000", "Please enter a text first."),
        (None, "Please enter a text first."),
        ("!!! 日本語 xyzzy", "knows none of these words"),
        ("a" * (MAX_CHARACTERS + 1), "The text has 20,001 characters; at most 20,000, please."),
    ],
)
def test_texts_without_an_honest_answer_are_refused_at_once(client, text, message):
    def ask():
        with pytest.raises(AppError, match=re.escape(message)):
            client.predict(text, api_name="/classify")

    assert measure_cpu_s(ask) < 1


def test_half_a_surrogate_pair_is_a_text(address):
    event, answer = call(address, '{"data": ["a \\ud800 film"]}', "explain")
    assert (event, answer[0]["text"]) == ("complete", "a \ufffd film")


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("queue/join", {"data": [SENTINEL], "fn_index": 99, "session_hash": "q"}),
        ("queue/join", {"data": [SENTINEL], "fn_index": SENTINEL, "session_hash": "q"}),
        ("queue/join", {"data": [SENTINEL], "fn_index": 1, "session_hash": [SENTINEL]}),
        ("call/classify_batch", {"data": ["good", SENTINEL, "x"]}),
        ("call/classify_batch", {"data": ["", {"path": f"/proc/self/{SENTINEL}"}, ""]}),
        ("call/classify", {"data": [[SENTINEL]]}),
        ("call/classify", {"data": [5]}),
        ("call/classify", {"data": [SENTINEL, SENTINEL]}),
        ("call/v2/classify", {SENTINEL: SENTINEL}),
        ("call/explain", SENTINEL),
    ],
)
def test_data_that_no_page_sends_is_refused_and_not_logged(address, caplog, capfd, path, data):
    response = post(f"{address}gradio_api/{path}", json=data)
    assert response.status_code == 422
    assert set(response.json()) == {"detail"}
    assert SENTINEL not in response.text
    assert caplog.text + "".join(capfd.readouterr()) == ""


def test_the_api_of_the_page_takes_parameters_by_name(address, model):
    url = f"{address}gradio_api/call/v2/classify"
    event_id = post(url, json={"text": "a wonderful film"}).json()["event_id"]
    assert model.predict("a wonderful film")["label"] in get(f"{url}/{event_id}").text


def test_no_header_names_another_host(address, monkeypatch):
    headers = {"X-Forwarded-Host": "evil.example", "X-Gradio-Server": "http://evil.example"}
    assert "evil.example" not in get(f"{address}config", headers=headers).text
    monkeypatch.setenv("SPACE_HOST", "org-demo.hf.space")
    headers["X-Forwarded-Host"] = "org-demo.hf.space"
    assert get(f"{address}config", headers=headers).json()["root"].endswith("//org-demo.hf.space")


@pytest.mark.parametrize("text", ["a wonderful film", "\U0001f600 <b>dull</b> a film xyzzy"])
def test_client_gets_words_that_add_up(client, model, text):
    answer = client.predict(text, api_name="/explain")
    assert (answer["text"], answer["label"], answer["against"]) == (text, "pos", "neg")
    assert [text[word["start"] : word["end"]] for word in answer["words"]] == [word["word"] for word in answer["words"]]
    negative, positive = model.predict_proba(text)[0].double().log().tolist()
    assert sum(word["contribution"] for word in answer["words"]) == pytest.approx(positive - negative, abs=1e-3)


def test_words_of_many_labels_speak_for_the_answer_or_against_it():
    model = build_model(["sad", "dull", "great"])
    explained = explain_words(model, "a wonderful film")
    assert explained["label"] == model.predict("a wonderful film")["label"]
    assert explained["against"] is None
    assert explained["words"] == model.explain("a wonderful film")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", 'id,review\n1,a wonderful film\n2,"a ""dull"", great film"\n'),
        ("a.tsv", 'id\treview\n1\ta wonderful film\n2\t"a ""dull"", great film"\n'),
        ("a.txt", 'a wonderful film\na "dull", great film\n'),
        ("a.jsonl", '{"text": "a wonderful film"}\n{"text": "a \\"dull\\", great film"}\n'),
    ],
)
def test_client_gets_a_table_of_a_file(client, model, tmp_path, name, content):
    (tmp_path / name).write_text(content)
    shares, table, text = client.predict("", handle_file(str(tmp_path / name)), "", api_name="/classify_batch")
    texts = ["a wonderful film", 'a "dull", great film']
    assert table["headers"] == ["text", "label", "score"]
    assert [row[0] for row in table["data"]] == texts
    assert [row[1] for row in table["data"]] == [answer["label"] for answer in model.predict(texts)]
    assert sum(each["confidence"] for each in shares["confidences"]) == pytest.approx(1)
    header, first, _ = csv.reader(io.StringIO(text, newline=""))
    own = {"a.csv": ["id", "review"], "a.tsv": ["id", "review"]}.get(name, ["text"])
    assert header == [*own, "label", "score", "score_neg", "score_pos"]
    assert first[: len(own)] == ["1", "a wonderful film"][-len(own) :]


def test_client_gets_a_table_of_lines(client):
    _, table, _ = client.predict("a film\n\n  \nxyzzy\r\n", None, None, api_name="/classify_batch")
    assert [row[0] for row in table["data"]] == ["a film", "xyzzy"]
    assert table["data"][1][1:] == [NO_KNOWN_WORD, None]


@pytest.mark.parametrize(
    ("lines", "file", "column", "message"),
    [
        (" \n", None, None, "Please paste texts"),
        ("a\n" * (MAX_ROWS + 1), None, None, "more than 1,000 texts"),
        ("film\n" + "a" * (MAX_CHARACTERS + 1), None, None, "Text 2 has 20,001 characters"),
        (
            "",
            ("a.csv", b"id,opinion\n1,film\n"),
            None,
            "a.csv: there is no text column; the columns are 'id'",
        ),
        ("", ("a.csv", b"id,opinion\n1,film\n"), "mood", "a.csv: there is no column 'mood'"),
        ("", ("a.csv", b'id,text\n1,film\n2,"fi\n'), None, "quotes don't match"),
        ("", ("a.csv", b"text\nd\xe9j\xe0 vu\n"), None, "not UTF-8"),
        ("", ("a.csv", "text\nfilm\n".encode("utf-16")), None, "not UTF-8 but UTF-16; save it as “CSV UTF-8”"),
        ("", ("a.jsonl", b'{"text": null}\n'), None, "there is no text (null)"),
        ("", ("a.txt", b""), None, "Please paste texts"),
    ],
)
def test_batches_that_cannot_be_read_are_refused_without_a_path(client, tmp_path, lines, file, column, message):
    if file is not None:
        (tmp_path / file[0]).write_bytes(file[1])
        file = handle_file(str(tmp_path / file[0]))
    with pytest.raises(AppError, match=re.escape(message)) as error:
        client.predict(lines, file, column, api_name="/classify_batch")
    assert os.environ["GRADIO_TEMP_DIR"] not in str(error.value)
    assert "--text-column" not in str(error.value)


@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", "README.md", "http://127.0.0.1:1/a.csv"])
def test_files_that_were_not_uploaded_are_not_read(address, path):
    file = {"path": path, "meta": {"_type": "gradio.FileData"}}
    response = post(f"{address}gradio_api/call/classify_batch", json={"data": ["", file, ""]})
    assert (response.status_code, response.json()["detail"][:28]) == (422, "file must be a file that was")


def upload(address, name, content):
    return post(f"{address}gradio_api/upload", files={"files": (name, content)})


def test_uploads_are_small_tables_and_are_never_given_back(address):
    assert upload(address, "a.csv", b"text\n" * 1000).status_code == 200
    path = upload(address, "../../b.csv", b"text\n").json()[0]
    assert Path(path).resolve().is_relative_to(os.environ["GRADIO_TEMP_DIR"])
    for route in ("file=", "file/", "proxy=", "stream/"):
        assert get(f"{address}gradio_api/{route}{path}").status_code == 404
    for name in ("a.html", "a.exe", "a", "a.csv.svg"):
        assert upload(address, name, b"text\n").status_code == 415
    two = [("files", ("a.csv", b"text\n")), ("files", ("b.csv", b"text\n"))]
    assert post(f"{address}gradio_api/upload", files=two).status_code == 400
    for num_bytes in (MAX_UPLOAD_BYTES + 100, 10**7):
        assert measure_cpu_s(lambda: upload(address, "a.csv", b"x" * num_bytes)) < 1  # noqa: B023
        assert upload(address, "a.csv", b"x" * num_bytes).status_code == 413


@pytest.mark.parametrize(
    ("path", "num_characters", "status"),
    [("call/classify", 10**7, 413), ("queue/join", 10**7, 413), ("run/predict", 4, 404), ("call/other", 4, 404)],
)
def test_too_much_data_and_other_routes_are_refused_at_once(address, path, num_characters, status):
    def send():
        data = {"data": ["x" * num_characters], "fn_index": 0}
        assert post(f"{address}gradio_api/{path}", json=data).status_code == status

    assert measure_cpu_s(send) < 1


def test_three_endpoints_are_offered(client, address):
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    assert sorted(endpoints) == ["/classify", "/classify_batch", "/explain"]
    config = get(f"{address}config").json()
    assert config["analytics_enabled"] is False
    assert "openapi" not in get(f"{address}openapi.json").text


def test_nothing_read_tells_of_the_machine(address):
    for path in (
        "",
        "config",
        "gradio_api/info",
        "theme.css",
        "gradio_api/openapi.json",
        "static/%2e%2e/%2e%2e/routes.py",
    ):
        text = get(f"{address}{path}").text
        for secret in (SENTINEL, str(REPO_ROOT), os.path.expanduser("~"), "site-packages"):
            assert secret not in text, path


def test_unexpected_errors_tell_nothing(address, client, model, monkeypatch, caplog, capfd):
    def fail(*arguments, **options):
        raise RuntimeError(f"{SENTINEL} {arguments}")

    monkeypatch.setattr(model, "predict_proba", fail)
    with pytest.raises(AppError, match="Something went wrong here") as error:
        client.predict("a private film", api_name="/classify")
    logged = caplog.text + "".join(capfd.readouterr())
    assert "RuntimeError in" in logged
    for secret in (SENTINEL, "a private film"):
        assert secret not in logged + str(error.value)


def test_a_full_queue_says_that_it_is_busy(model, monkeypatch):
    monkeypatch.setattr(demo_module, "MAX_QUEUE_SIZE", 2)
    monkeypatch.setattr(demo_single, "NUM_WORKERS", 1)
    may_go_on = threading.Event()

    def wait(text, **options):
        may_go_on.wait(PATIENCE_S)
        return torch.tensor([[0.25, 0.75]])

    demo = build_demo(model)
    monkeypatch.setattr(model, "predict_proba", wait)
    address = launch_demo(demo)
    try:
        url = f"{address}gradio_api/call/classify"
        responses = [post(url, json={"data": ["a film"]}) for _ in range(8)]
        assert {response.status_code for response in responses} == {200, 503}
        assert "busy" in responses[-1].json()["detail"]
        may_go_on.set()
        event_id = responses[0].json()["event_id"]
        assert "event: complete" in get(f"{url}/{event_id}").text
    finally:
        may_go_on.set()
        demo.close(verbose=False)


def test_a_taken_port_is_said_in_one_line(model):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError, match="can't serve on port"):
            launch_demo(build_demo(model), server_port=taken.getsockname()[1])
