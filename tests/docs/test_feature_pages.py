"""The ten lines of each page about a feature: they run as they stand."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def read_python(page: str) -> str:
    """The Python blocks of a page, joined."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return "\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


@pytest.fixture
def page_folder(tmp_path, monkeypatch):
    """An empty working directory: the pages need no checkout."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def without_warnings(caplog):
    """An example of a page should be one of good rows: what is warned of would puzzle its reader."""
    yield
    assert [record.getMessage() for record in caplog.get_records("call") if record.levelname == "WARNING"] == []


def run_page(page: str) -> dict:
    names = {}
    exec(compile(read_python(page), page, "exec"), names)
    return names


def test_python(page_folder):
    names = run_page("python.md")
    config = names["model"].config
    assert (config.bidirectional, config.pooling) == (True, "mean_max")
    assert names["features"].shape == (2, 4 * config.hidden_size)


def test_sklearn(page_folder):
    pytest.importorskip("sklearn")
    names = run_page("sklearn.md")
    assert names["classifier"].classes_.tolist() == ["bad", "good"]


def test_transformers(page_folder, monkeypatch):
    pytest.importorskip("transformers")
    names = run_page("transformers.md")
    assert names["classify"](names["text"])[0]["score"] == pytest.approx(names["answer"]["score"], abs=1e-5)


def test_serving(page_folder, monkeypatch):
    """The page's calls, to an application in this process instead of a server."""
    pytest.importorskip("fastapi")
    from fastapi.testclient import TestClient

    from hf_lstm import FLAGSHIP, LSTMSentiment
    from hf_lstm.api.app import build_app

    with TestClient(build_app(LSTMSentiment.from_pretrained(FLAGSHIP), name="flagship")) as client:

        def request(method, url, **options):
            return client.request(method, url.removeprefix("http://127.0.0.1:8000"), **options)

        httpx = pytest.importorskip("httpx")
        monkeypatch.setattr(httpx, "post", lambda url, **options: request("POST", url, **options))
        monkeypatch.setattr(httpx, "get", lambda url: request("GET", url))
        names = run_page("serving.md")
    assert [row["label"] for row in names["answers"]] == ["pos", "neg"]
    assert names["word"]["word"] in {"wonderful", "warm", "funny"}


def test_browser(page_folder):
    names = run_page("browser.md")
    assert 3 < sum(names["sizes"].values()) / 1e6 < 10


def test_languages(page_folder):
    pytest.importorskip("sklearn")
    model = run_page("languages.md")["classifier"].model_
    assert model.tokenizer.token_to_id("<unk>") not in model.encode("这部电影不好看")
    assert model.config.vocab_size > 258


def test_multi_label(page_folder):
    pytest.importorskip("sklearn")
    names = run_page("multi_label.md")
    both = names["model"].predict("The minister saw the goal.")
    assert {each["label"] for each in both} == {"politics", "sport"}
    assert names["model"].predict("It rains.") == []
    assert names["test"].multi_label is not None


def test_corpora(page_folder):
    pytest.importorskip("pyarrow")
    names = run_page("corpora.md")
    positive, negative = names["scored"]["positive"].to_pylist()
    assert positive > 0.5 > negative


def test_search(page_folder):
    pytest.importorskip("optuna")
    names = run_page("search.md")
    assert names["trained"].results.weights_sha256 == names["result"].facts.rank()[0].weights_sha256


def test_tracking(page_folder):
    pytest.importorskip("tensorboard")
    assert run_page("tracking.md")["events"]
