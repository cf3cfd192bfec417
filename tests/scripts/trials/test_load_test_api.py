"""`scripts/load_test_api.py`: what clients are answered by a server, and what is made of it."""

import http.server
import runpy
import threading
from pathlib import Path

import pytest

from hf_lstm.errors import InputError

SCRIPT = runpy.run_path(str(Path(__file__).resolve().parents[3] / "scripts" / "load_test_api.py"))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = b"{}"
        self.send_response(503 if b"busy" in body else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def test_answers_and_refusals_are_counted_for_all_clients():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for duration_s in (0.3, 3, 30):  # on a busy machine, a client may not come to ask within a moment
            answers = SCRIPT["measure_load"](
                *server.server_address, ["a film", "busy"], num_clients=2, duration_s=duration_s
            )
            if answers.errors and answers.latencies_s:
                break
        server.shutdown()
    assert set(answers.errors) == {"HTTP 503"}
    found = SCRIPT["describe_answers"](answers, 0.3)
    assert found["num_answers"] == len(answers.latencies_s) > 0
    assert 0 < found["latency_ms"]["p50"] <= found["latency_ms"]["p95"] <= found["latency_ms"]["p99"]


def test_a_server_that_answers_nothing_is_no_result():
    answers = SCRIPT["Answers"]()
    answers.errors["HTTP 503"] += 3
    with pytest.raises(InputError, match="HTTP 503"):
        SCRIPT["describe_answers"](answers, 1.0)


@pytest.mark.parametrize("arguments", [["--clients", "4", "0"], ["--seconds", "0"]])
def test_wrong_numbers_are_wrong_use(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        SCRIPT["main"](["model", *arguments])
    assert exit_.value.code == 2
    assert "must be more than 0" in capsys.readouterr().err
