"""The commands of docs/own_data.md, on a small file."""

import csv
import re
import shlex
from pathlib import Path

import pytest
from local_hub import WRITE_TOKEN

from hf_lstm.cli.main import main

PAGE = Path(__file__).resolve().parents[2] / "docs" / "own_data.md"
QUICK = ["--no-progress", "--set", "train.num_epochs=1", "model.hidden_size=4", "model.embedding_dim=4"]


def test_the_commands_run_as_they_stand(tmp_path, monkeypatch, hub):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_TOKEN", WRITE_TOKEN)
    rows = [f"{i},ticket {i} is {'late' if i % 2 else 'broken'},{'post' if i % 2 else 'repair'}" for i in range(60)]
    Path("tickets.csv").write_text("\n".join(["id,body,team", *rows]))
    Path("new.csv").write_text("id,body,label\n007,it is late,\n008,it is broken,\n")
    commands = re.findall(r"^hf-lstm (.*)$", PAGE.read_text(), re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["train", "evaluate", "predict", "push"]
    for command in commands:
        arguments = shlex.split(command)
        try:
            main([*arguments, *(QUICK if arguments[0] == "train" else [])])
        except SystemExit as ending:
            pytest.fail(f"{command}: {ending}")
    with open("scored.csv", newline="") as stream:
        header, *scored = csv.reader(stream)
    assert header == ["id", "body", "label", "predicted_label", "score", "score_post", "score_repair"]
    assert [row[:3] for row in scored] == [["007", "it is late", ""], ["008", "it is broken", ""]]
