"""Searches of some seconds, and how they die."""

import json

from hf_lstm.cli import main as cli

SETTINGS = [
    "train.num_epochs=2", "train.batch_size=16", "model.embedding_dim=4", "model.max_length_tokens=8",
]  # fmt: skip
SPACE = ["train.learning_rate=1e-3..1e-1:log", "model.hidden_size=2,4"]


def make_rows(num_rows, offset=0):
    words = ["good", "fine", "bad", "poor"]
    rows = [
        (f"a {words[i % 4]} film, number {(i + offset) * 7919 % 89}", "pos" if i % 4 < 2 else "neg")
        for i in range(num_rows)
    ]
    return [text for text, _ in rows], [label for _, label in rows]


def search(reviews, folder, *arguments):
    command = ["search", "--dataset", str(reviews), "--recipe", "pooled-bilstm", "--output-dir", str(folder)]
    cli.main([*command, "--space", *SPACE, "--set", *SETTINGS, "--no-progress", *arguments])
    return read(folder)


def read(folder):
    return json.loads((folder / "search.json").read_text())


class DeathError(BaseException):
    """Ends a search as if its process was killed: nobody catches it."""


def die_at(monkeypatch, target, name, *, call, after=False):
    original, calls = getattr(target, name), []

    def dying(*arguments, **options):
        calls.append(name)
        if len(calls) == call and not after:
            raise DeathError
        answer = original(*arguments, **options)
        if len(calls) == call:
            raise DeathError
        return answer

    monkeypatch.setattr(target, name, dying)
