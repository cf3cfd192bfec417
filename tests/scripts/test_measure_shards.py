"""`scripts/measure_shards.py`: all take the same steps in turns, and the table tells the cost."""

import json

import measure_shards
import pytest

from hf_lstm.errors import InputError
from tables.speed.shards import format_shards

SMALL = ["--set", "model.hidden_size=4", "model.embedding_dim=4", "train.batch_size=8"]


def test_each_number_of_threads_and_shards_has_its_ratio(tmp_path, capsys):
    (tmp_path / "results").mkdir()
    assert "not run here yet" in format_shards(tmp_path)
    output = tmp_path / "results" / "shards.json"
    given = ["--rounds", "2", "--steps", "1", "--shards", "2", "3", "--threads", "1", "--output", str(output)]
    measure_shards.main(["pooled-bilstm", *given, *SMALL])
    figures = json.loads(output.read_text())
    ways = figures["recipes"]["pooled-bilstm"]
    assert [(way["threads"], way["shards"]) for way in ways] == [(1, 2), (1, 3)]
    assert all(0 < way["lowest"] <= way["ratio"] <= way["highest"] for way in ways)
    assert capsys.readouterr().out.count(" x the time (") == 2
    table = format_shards(tmp_path)
    assert table.count("| `pooled-bilstm` | 1 |") == 2
    assert figures["command"] in table


def test_all_take_the_same_steps_and_each_begins_once(monkeypatch):
    taken = []
    monkeypatch.setattr(
        "hf_lstm.training.loop.step.train_step",
        lambda run, _split, batch, *, unlabeled: taken.append((run, batch, unlabeled)),
    )
    for turn in range(3):
        measure_shards.time_round({None: "a", 2: "b", 4: "c"}, None, [(["x"], "u"), (["y"], "u")], turn)
    assert [run for run, _, _ in taken[::2]] == [*"abc", *"bca", *"cab"]
    assert [batch for _, batch, _ in taken] == ["x", "y"] * 9


def test_too_few_steps_are_told():
    with pytest.raises(InputError, match="an epoch has 1 steps, and 20 are needed"):
        measure_shards.main(["pooled-bilstm", *SMALL, "train.batch_size=5000", "--rounds", "9", "--steps", "2"])
