"""The command: it serves until SIGTERM, and answers what has arrived until then."""

import http.client
import json
import re
import signal
import subprocess
import sys
import urllib.request

import pytest
from free_ports import find_port

from hf_lstm import InputError, LSTMSentiment

pytest.importorskip("uvicorn")
from hf_lstm.api.server import open_socket


def post(address, body):
    request = urllib.request.Request(address, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=600) as answer:
        return json.load(answer)


def test_requests_under_way_are_answered_after_sigterm(tiny_model_folder):
    port = find_port()
    command = [sys.executable, "-m", "hf_lstm", "serve", str(tiny_model_folder), "--api", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            address = re.search(r"at (http://[\d.:]+),", server.stdout.readline())[1]
            texts = ["a wonderful film with a great cast " * 560] * 256
            expected = post(f"{address}/classify", {"texts": texts[:2]})["answers"]
            model = LSTMSentiment.from_pretrained(tiny_model_folder)
            assert expected[0]["score"] == pytest.approx(model.predict(texts[0])["score"], abs=1e-6)
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
            body = json.dumps({"texts": texts})  # larger than what a socket holds: sent means that it is being read
            connection.request("POST", "/classify", body, {"content-type": "application/json"})
            server.send_signal(signal.SIGTERM)
            assert len(json.load(connection.getresponse())["answers"]) == 256
            _, errors = server.communicate(timeout=600)
        finally:
            server.kill()
    assert server.returncode in (143, -signal.SIGTERM)
    assert "Traceback" not in errors


def test_a_port_that_is_taken_is_told():
    with open_socket("127.0.0.1", 0) as taken, pytest.raises(InputError, match=r"choose another --port"):
        open_socket("127.0.0.1", taken.getsockname()[1])


def test_clients_are_not_told_where_the_model_lies(tiny_model, tmp_path, monkeypatch):
    from fastapi.testclient import TestClient

    from hf_lstm.cli.serve import serve_api

    told = []
    monkeypatch.setattr(
        "hf_lstm.api.server.run_server", lambda app, _: told.append(TestClient(app).get("/health").json())
    )
    tiny_model.save_pretrained(tmp_path / "rated")
    serve_api(str(tmp_path / "rated"), "127.0.0.1", 0)
    assert [answer["model"] for answer in told] == ["rated"]
