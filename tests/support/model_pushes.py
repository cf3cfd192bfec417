"""Pushes a model folder to the local Hub, and checks what holds of every push."""

from local_hub import WRITE_TOKEN

from hf_lstm.config import ModelConfig
from hf_lstm.errors import InputError
from hf_lstm.hub import session as hub_session
from hf_lstm.hub.cards.card import render_card
from hf_lstm.hub.push import push_model_folder

REPO = "me/imdb-lstm"
PUSH_ENDPOINTS = (
    "create", "info", "validate-yaml", "preupload", "lfs-batch", "lfs-upload", "lfs-verify", "commit",
)  # fmt: skip

RESULTS = b'{\n  "dataset": {\n    "source": "stanfordnlp/imdb"\n  }\n}\n'
"""Of public data, as they are written: nothing has to be taken out."""

HAND_MADE_CARD = b"---\nlicense: mit\n---\n\n# Written by hand\n"


def make_card(title="one"):
    config = ModelConfig(vocab_size=9, id2label={0: "neg", 1: "pos"})
    return render_card(config=config, recipe=None, results=None, repo_id=f"me/{title}").encode()


PUSHED = ("config.json", "model.safetensors", "tokenizer.json", "README.md", "recipe.json", "results.json",
          "report/report.md", "report/mistakes.md", "report/errors.jsonl", "report/reliability.png")  # fmt: skip


def read_folder(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def read_pushed(folder):
    return {name: (folder / name).read_bytes() for name in PUSHED if (folder / name).exists()}


def expect_silence(kind, monkeypatch, timeout_s=0.5):
    """Wait for a Hub that says nothing, where it will, for a time that a test can spend.

    A busy machine may be silent for as long before it answers: what is asked for then is asked for again.
    """
    if kind.startswith("stall"):
        monkeypatch.setattr(hub_session, "SILENCE_TIMEOUT_S", timeout_s)


def push(folder, token=WRITE_TOKEN, **options):
    """Push, and check what holds of every push: the folder stays as it is, and no message has the token."""
    before = read_folder(folder)
    outcome = None
    try:
        return push_model_folder(folder, REPO, token=token, **options)
    except InputError as error:
        outcome = error
        raise
    finally:
        assert read_folder(folder) == before
        assert "\n" not in str(outcome)
        assert token is None or token not in str(outcome)
