"""The API: its answers are the model's, its refusals one line, and concurrent requests share batches."""

import asyncio
import re
import threading

import pytest
import torch
from random_model import build_model

pytest.importorskip("fastapi")
from fastapi.testclient import TestClient

from hf_lstm.api import app as app_module
from hf_lstm.api.app import MAX_CHARACTERS, MAX_TEXTS, build_app
from hf_lstm.api.batching import MAX_TEXTS_PER_BATCH, MAX_WAITING_TEXTS, Batcher, BusyError
from hf_lstm.api.bodies import MAX_DRAINED_BYTES, BodyTooLargeError, read_body
from hf_lstm.api.body_limit import MAX_BODY_BYTES

TEXTS = ["a wonderful film", "", "a dull film", "\N{GRINNING FACE} great\x00"]


@pytest.fixture
def model():
    return build_model(("bad", "fair", "good"))


@pytest.fixture
def client(model):
    with TestClient(build_app(model, name="org/rated"), raise_server_exceptions=False) as client:
        yield client


def test_answers_are_those_of_the_model(client, model):
    assert client.post("/classify", json={"texts": TEXTS}).json() == {"answers": model.predict(TEXTS)}
    assert client.post("/classify", json={"text": TEXTS[0]}).json() == {"answers": [model.predict(TEXTS[0])]}
    ranked = client.post("/classify", json={"texts": TEXTS, "top_k": 2}).json()
    assert ranked == {"answers": model.predict(TEXTS, top_k=2)}
    assert client.post("/classify", json={"texts": []}).json() == {"answers": []}
    explained = client.post("/explain", json={"text": TEXTS[0], "label": "bad"}).json()
    assert explained == {"label": "bad", "against": None, "words": list(model.explain(TEXTS[0], label="bad"))}
    assert client.get("/health").json()["labels"] == model.labels
    for path in ("/", "/health", "/docs", "/openapi.json"):  # load balancers ask by HEAD
        assert client.head(path).status_code == 200, path
    assert client.head("/classify").status_code == 405
    assert {"/classify", "/explain", "/health"} <= set(client.get("/openapi.json").json()["paths"])
    assert client.get("/docs").status_code == 200


def test_the_page_that_describes_it_needs_no_network(client):
    pytest.importorskip("fastapi_offline")
    page = client.get("/docs").text
    links = re.findall(r"""(?:src|href|url)(?:=|: )["']([^"']+)""", page)
    assert {"swagger-ui-bundle.js", "swagger-ui.css", "openapi.json"} <= {link.rpartition("/")[2] for link in links}
    assert [client.get(link).status_code for link in links] == [200] * len(links)
    assert "://" not in "".join(links)


@pytest.mark.parametrize(
    ("path", "body", "status", "told"),
    [
        ("/classify", {}, 422, "either text or texts"),
        ("/classify", {"text": "a", "texts": ["a"]}, 422, "either text or texts"),
        ("/classify", {"texts": "a film"}, 422, "texts: "),
        ("/classify", {"texts": ["a", 3]}, 422, "texts.1: "),
        ("/classify", {"texts": ["a"] * (MAX_TEXTS + 1)}, 422, str(MAX_TEXTS)),
        ("/classify", {"text": "a" * (MAX_CHARACTERS + 1)}, 422, str(MAX_CHARACTERS)),
        ("/classify", {"texts": ["a", "a" * (MAX_CHARACTERS + 1)]}, 422, "texts[1] has 20,001 characters"),
        ("/classify", {"text": "a", "top_k": 0}, 422, "top_k: "),
        ("/classify", {"text": "a", "top_k": True}, 422, "top_k: "),
        ("/explain", {"text": "a", "label": "superb"}, 422, "no such label"),
        ("/explain", {}, 422, "text: "),
        ("/classify", {"text": "a", "topk": 2}, 422, "no field 'topk'"),
        ("/explain", {"text": "a", "a\nb" * 99: 2}, 422, "no field 'a\\nba\\nb"),
        ("/nowhere", {}, 404, "Not Found"),
    ],
)
def test_refusals_are_one_line_that_says_what_is_wrong(client, path, body, status, told):
    answer = client.post(path, json=body)
    assert answer.status_code == status
    assert list(answer.json()) == ["detail"]
    assert told in answer.json()["detail"]
    assert "\n" not in answer.json()["detail"]


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b"", b'"a"', b"\xff\xfe", b'{"text": "\xff"}', b"[" * 100_000, b'{"top_k": 1%s}' % (b"0" * 5_000)],
    ids=lambda content: content[:12],
)
def test_a_body_that_is_no_object_of_json_is_told_so(client, content):
    answer = client.post("/classify", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("the body is no JSON object")


def test_a_body_of_another_type_is_told_so(client):
    assert "Content-Type" in client.post("/classify", data={"text": "a"}).json()["detail"]


@pytest.mark.parametrize("content", [b'{"text": "\\ud800"}', b'{"\\ud800": 1}', b'{"text": "a", "label": "\\ud800"}'])
@pytest.mark.parametrize("path", ["/classify", "/explain"])
def test_half_a_surrogate_is_refused_or_answered_but_never_an_error_of_ours(client, path, content):
    answer = client.post(path, content=content, headers={"content-type": "application/json"})
    assert answer.status_code in (200, 422)
    assert answer.json()


def test_a_body_that_is_too_large_is_refused(client):
    assert client.post("/classify", content=b" " * (MAX_BODY_BYTES + 1)).status_code == 413


@pytest.mark.parametrize(("num_parts", "num_read"), [(3, 3), (10**9, MAX_DRAINED_BYTES // 10**6 + 1)])
def test_a_body_that_is_too_large_is_read_and_forgotten_as_a_closed_connection_loses_its_answer(num_parts, num_read):
    sent = []

    async def receive():
        sent.append(1)
        return {"type": "http.request", "body": bytes(10**6), "more_body": len(sent) < num_parts}

    with pytest.raises(BodyTooLargeError):
        asyncio.run(read_body(receive, 10, timeout_s=60))
    assert len(sent) == num_read


def test_the_root_leads_to_the_description(client):
    assert client.get("/", follow_redirects=False).headers["location"] == "docs"


def test_our_own_errors_tell_nothing(client, monkeypatch, caplog):
    def fail(*arguments, **options):
        raise RuntimeError("the secret text")

    monkeypatch.setattr(app_module, "name_labels", fail)
    answer = client.post("/classify", json={"text": "a film"})
    assert (answer.status_code, list(answer.json())) == (500, ["detail"])
    assert "secret" not in answer.text


def test_what_arrives_while_a_batch_is_computed_makes_the_next_one():
    started, goes_on = threading.Event(), threading.Event()
    batches = []

    def compute(texts):
        batches.append(list(texts))
        started.set()
        goes_on.wait(timeout=600)
        return torch.tensor([[float(text)] for text in texts])

    async def run():
        batcher = Batcher(compute)
        first = asyncio.create_task(batcher.submit(["0"]))
        await asyncio.get_running_loop().run_in_executor(None, started.wait)
        others = [asyncio.create_task(batcher.submit([str(number), str(number)])) for number in range(1, 200)]
        cancelled = asyncio.create_task(batcher.submit(["7"]))
        await asyncio.sleep(0)
        cancelled.cancel()
        goes_on.set()
        answers = [await first, *[await other for other in others]]
        batcher.close()
        return answers

    answers = asyncio.run(run())
    assert [answer.tolist() for answer in answers[1:]] == [[[float(n)], [float(n)]] for n in range(1, 200)]
    assert len(batches) <= 4
    assert max(map(len, batches)) <= MAX_TEXTS_PER_BATCH


def test_an_error_of_a_batch_reaches_its_requests_and_no_others():
    def compute(texts):
        if "bad" in texts:
            raise ValueError("bad")
        return torch.zeros(len(texts), 2)

    async def run():
        batcher = Batcher(compute)
        with pytest.raises(ValueError, match="bad"):
            await batcher.submit(["bad"])
        assert (await batcher.submit(["good"])).shape == (1, 2)
        with pytest.raises(BusyError):
            await batcher.submit(["good"] * (MAX_WAITING_TEXTS + 1))
        batcher.close()

    asyncio.run(run())
