"""The demo and `space/app.py`, as clients and browsers on the other side of real HTTP see them."""

import json
import os
import re
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
import torch
import yaml
from gradio_client import Client
from gradio_client.exceptions import AppError

from hf_lstm import demo as demo_module
from hf_lstm.config import ModelConfig, TokenizerConfig
from hf_lstm.demo import MAX_CHARACTERS, build_demo, describe_model, launch_demo
from hf_lstm.errors import InputError
from hf_lstm.modeling import LSTMSentiment
from hf_lstm.tokenization import train_tokenizer

REPO_ROOT = Path(__file__).resolve().parent.parent
APP = REPO_ROOT / "space" / "app.py"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SENTINEL = "sentinel-3f9c1e"
HOSTILE_LABEL = '<img src="x" onerror="alert(1)">'
HOSTILE_TEXTS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<body onload=alert(1)>",
    '"><img src=x onerror=alert(1)>', "'><script>alert(1)</script>", "</textarea><script>alert(1)</script>",
    "<iframe src=javascript:alert(1)>", "<iframe srcdoc='<script>parent.alert(1)</script>'>", "javascript:alert(1)",
    "<a href=javascript:alert(1)>film</a>", "<details open ontoggle=alert(1)>", "<input autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)></video>", "<object data=javascript:alert(1)>", "<embed src=javascript:alert(1)>",
    "<math><mtext></mtext><script>alert(1)</script></math>", "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>", "<style>*{display:none}</style>",
    "<link rel=stylesheet href=javascript:alert(1)>", "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<form action=javascript:alert(1)><button>film</button></form>", "<template><script>alert(1)</script></template>",
    "[film](javascript:alert(1))", "![film](x onerror=alert(1))", "{{constructor.constructor('alert(1)')()}}",
    "<marquee onstart=alert(1)>", "${alert(1)}", "$\\href{javascript:alert(1)}{film}$",
    "&lt;script&gt;alert(1)&lt;/script&gt;", "\u202e<b>film</b>\u0000",
]  # fmt: skip


def build_model(label_names=("neg", "pos")):
    torch.manual_seed(0)
    tokenizer = train_tokenizer(["a wonderful film with a great cast", "a dull film"], TokenizerConfig())
    config = ModelConfig(embedding_dim=6, hidden_size=8, max_length_tokens=32)
    config = config.resolve(vocab_size=tokenizer.get_vocab_size(), label_names=label_names)
    return LSTMSentiment(config, tokenizer).eval()


@pytest.fixture(scope="module")
def model():
    return build_model()


@pytest.fixture(scope="module")
def address(model):
    """Address of a served demo; the process's environment holds the sentinel."""
    os.environ["DEMO_TEST_SECRET"] = SENTINEL
    demo = build_demo(model, model_id="org/imdb-lstm")
    yield launch_demo(demo)
    demo.close(verbose=False)
    del os.environ["DEMO_TEST_SECRET"]


@pytest.fixture(scope="module")
def client(address):
    return Client(address, verbose=False)


def measure_fastest_s(action):
    """Return the shortest of three times that the action took: the machine may be busy with other things."""
    elapsed_s = []
    for _ in range(3):
        started = time.monotonic()
        action()
        elapsed_s.append(time.monotonic() - started)
    return min(elapsed_s)


def call(address, data):
    """Send what no client would, and return the last event and its data."""
    response = httpx.post(
        f"{address}gradio_api/call/classify", content=data, headers={"Content-Type": "application/json"}
    )
    response.raise_for_status()
    answer = httpx.get(f"{address}gradio_api/call/classify/{response.json()['event_id']}").text
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

    assert measure_fastest_s(ask) < 1


@pytest.mark.parametrize(
    "data", ['{"data": ["a \\ud800 film"]}', '{"data": [["a", "film"]]}', '{"data": [5]}', '{"data": []}']
)
def test_data_that_no_page_sends_gets_an_answer_or_an_error(address, data):
    event, answer = call(address, data)
    assert event == "complete" or answer["error"] is None or "none of these words" in answer["error"]


@pytest.mark.parametrize(
    ("path", "num_characters", "status"),
    [("call/classify", 10**7, 413), ("queue/join", 10**7, 413), ("run/predict", 4, 404), ("upload", 4, 404)],
)
def test_too_much_data_and_other_routes_are_refused_at_once(address, path, num_characters, status):
    def send():
        data = {"data": ["x" * num_characters], "fn_index": 0}
        assert httpx.post(f"{address}gradio_api/{path}", json=data).status_code == status

    assert measure_fastest_s(send) < 1


def test_one_endpoint_is_offered(client, address):
    assert list(client.view_api(return_format="dict")["named_endpoints"]) == ["/classify"]
    config = httpx.get(f"{address}config").json()
    assert config["analytics_enabled"] is False
    assert "openapi" not in httpx.get(f"{address}openapi.json").text


def test_nothing_read_tells_of_the_machine(address):
    for path in (
        "",
        "config",
        "gradio_api/info",
        "theme.css",
        "gradio_api/openapi.json",
        "static/%2e%2e/%2e%2e/routes.py",
    ):
        text = httpx.get(f"{address}{path}").text
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
    monkeypatch.setattr(demo_module, "NUM_WORKERS", 1)
    may_go_on = threading.Event()

    def wait(text, **options):
        may_go_on.wait(10)
        return torch.tensor([[0.25, 0.75]])

    monkeypatch.setattr(model, "predict_proba", wait)
    demo = build_demo(model)
    address = launch_demo(demo)
    try:
        url = f"{address}gradio_api/call/classify"
        responses = [httpx.post(url, json={"data": ["a film"]}) for _ in range(8)]
        assert {response.status_code for response in responses} == {200, 503}
        assert "full" in responses[-1].json()["detail"]
        may_go_on.set()
        event_id = responses[0].json()["event_id"]
        assert "event: complete" in httpx.get(f"{url}/{event_id}").text
    finally:
        may_go_on.set()
        demo.close(verbose=False)


def test_a_taken_port_is_said_in_one_line(model):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(InputError, match="can't serve on port"):
            launch_demo(build_demo(model), server_port=taken.getsockname()[1])


def test_the_note_says_what_was_measured(model):
    assert "test texts" not in describe_model(model, None)
    assert "huggingface.co" not in describe_model(model, None)
    assert "[model card](https://huggingface.co/org/imdb-lstm)" in describe_model(model, "org/imdb-lstm")
    measured = build_model()
    measured.results = {"splits": {"test": {"accuracy": 0.8693, "num_rows": 25_000}}}
    assert "86.9 % of 25,000 test texts" in describe_model(measured, None)
    measured.results = {"splits": {"test": {"accuracy": "<script>", "num_rows": 1}}}
    assert "script" not in describe_model(measured, None)


@pytest.fixture
def browser_page():
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    with playwright.sync_playwright() as started:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = started.chromium.launch(executable_path=CHROMIUM, args=arguments)
        page = browser.new_page()
        page.set_default_timeout(30_000)
        yield page
        browser.close()


def test_page_answers_and_forgets_the_answer_when_the_text_changes(browser_page, address, model):
    page, requested, errors = browser_page, [], []
    page.on("request", lambda request: requested.append(request.url))
    page.on("pageerror", lambda error: errors.append(error))
    page.goto(address)
    answer = page.get_by_test_id("label-output-value")
    page.get_by_text("A wonderful film: warm").click()
    answer.wait_for()
    assert page.get_by_label("Text").input_value().startswith("A wonderful film")
    page.get_by_label("Text").fill(" ")
    answer.wait_for(state="hidden")
    page.get_by_role("button", name="Classify").click()
    page.get_by_text("Please enter a text first.").wait_for()
    page.get_by_label("Text").fill("a dull film")
    page.get_by_role("button", name="Classify").click()
    answer.wait_for()
    assert answer.inner_text() == model.predict("a dull film")["label"]
    assert errors == []
    assert [url for url in requested if not url.startswith((address, "data:"))] == [], "the page needs no other server"


def test_html_in_texts_and_labels_stays_text(browser_page):
    page, dialogs = browser_page, []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    demo = build_demo(build_model([HOSTILE_LABEL, "<b>pos</b>"]))
    try:
        page.goto(launch_demo(demo))
        answer = page.get_by_test_id("label-output-value")
        page.get_by_label("Text").fill("film")
        page.get_by_role("button", name="Classify").click()
        answer.wait_for()
        assert answer.inner_text() in (HOSTILE_LABEL, "<b>pos</b>")
        count_nodes = "document.querySelectorAll('body *').length"
        num_nodes = page.evaluate(count_nodes)
        for text in HOSTILE_TEXTS:
            page.get_by_label("Text").fill("")
            answer.wait_for(state="hidden")
            page.get_by_label("Text").fill(f"{text} film")
            page.get_by_role("button", name="Classify").click()
            answer.wait_for()
            assert page.evaluate(count_nodes) == num_nodes, text
        assert dialogs == []
    finally:
        demo.close(verbose=False)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "MODEL_ID is not set"),
        ({"MODEL_ID": "x", "GRADIO_SERVER_PORT": "http"}, "GRADIO_SERVER_PORT is 'http'"),
        ({"MODEL_ID": "no-such-folder/really/not"}, "no-such-folder/really/not"),
        ({"MODEL_ID": str(REPO_ROOT / "tests")}, "has no config.json"),
    ],
)
def test_app_refuses_settings_in_one_line(environment, expected, monkeypatch):
    for name in ("MODEL_ID", "GRADIO_SERVER_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=re.escape(expected)):
        runpy.run_path(str(APP))["main"]([])


def test_app_serves_a_folder_until_it_is_terminated(tmp_path):
    model = build_model()
    model.save_pretrained(tmp_path / "model")
    # Beside the package, as in a Space, with a Hub that can't be reached.
    (tmp_path / "space").mkdir()
    shutil.copy(APP, tmp_path / "space")
    (tmp_path / "space" / "hf_lstm").symlink_to(REPO_ROOT / "hf_lstm")
    environment = {**os.environ, "MODEL_ID": "../model", "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "app.py"]
    with subprocess.Popen(
        command, cwd=tmp_path / "space", env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            address = re.fullmatch(r"serving \.\./model at (\S+)\n", process.stdout.readline())[1]
            answer = Client(address, verbose=False).predict("a wonderful film", api_name="/classify")
            assert answer["label"] == model.predict("a wonderful film")["label"]
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 143
        assert process.stderr.read() == ""


def test_the_space_is_what_its_card_says():
    _, front_matter, _ = (REPO_ROOT / "space" / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    card = yaml.safe_load(front_matter)
    assert card["sdk"] == "gradio"
    assert (REPO_ROOT / "space" / card["app_file"]).is_file()
    assert card["models"] == card["preload_from_hub"]
    assert len(card["short_description"]) <= 60
    required = (REPO_ROOT / "space" / "requirements.txt").read_text().splitlines()
    pyproject = (REPO_ROOT / "pyproject.toml").read_text()
    for line in required:
        assert line.startswith(("#", "--extra-index-url")) or f'"{line}"' in pyproject
