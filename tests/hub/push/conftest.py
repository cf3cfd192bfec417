"""A folder to push, and how long a push waits."""

import logging

import pytest
from fake_clock import FakeClock
from model_pushes import RESULTS, make_card

from hf_lstm.hub import session as hub_session


@pytest.fixture
def folder(tmp_path):
    """A folder with all that a push takes, and things that it must leave."""
    folder = tmp_path / "model"
    folder.mkdir()
    for name, content in {
        "config.json": b'{"vocab_size": 9}',
        "model.safetensors": bytes(range(256)) * 300,
        "tokenizer.json": '{"model": {"é": 1}}'.encode(),
        "README.md": make_card(),
        "recipe.json": b"{}\n",
        "results.json": RESULTS,
        "local.json": b'{"data.dataset": "/home/me/imdb"}',
        "confusion_matrix.png": b"of an evaluation, of any data",
        "report/report.md": b"# Report",
        "report/mistakes.md": b"# Mistakes",
        "report/errors.jsonl": b"{}",
        "report/holiday.png": b"private",
        "report/reliability.png": b"\x89PNG\r\n",
        "report/.hidden.png": b"private",
        "report/rows.arrow": b"large",
        "notes.txt": b"private",
        ".env": b"SECRET=1",
        "optimizer.pt": b"large",
        "checkpoints/config.json": b"old",
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def short_waits(monkeypatch):
    """Waits of hundredths of a second between attempts; an answer may take the time of a busy machine."""
    monkeypatch.setattr(hub_session, "FIRST_DELAY_S", 0.01)
    monkeypatch.setattr(hub_session, "MAX_DELAY_S", 0.02)
    monkeypatch.setattr(hub_session, "SILENCE_TIMEOUT_S", 60.0)
    monkeypatch.setattr(hub_session, "PUSH_RETRY_FOR_S", 60.0)


@pytest.fixture
def short_patience(short_waits, monkeypatch):
    """For a Hub that never recovers."""
    monkeypatch.setattr(hub_session, "PUSH_RETRY_FOR_S", 0.2)


@pytest.fixture
def clock(monkeypatch):
    clock = FakeClock()
    monkeypatch.setattr(hub_session, "time", clock)
    return clock


@pytest.fixture
def client_log(caplog):
    """What is logged, the client's lines included."""
    client = logging.getLogger("huggingface_hub")
    client.propagate = True
    yield caplog
    client.propagate = False
