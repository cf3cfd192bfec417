"""`scripts/show_padding_harm.py`: the padding is read indeed, and the results are those of a run."""

import json
import runpy
from pathlib import Path

import pytest
import torch

from hf_lstm.errors import InputError

SCRIPT = runpy.run_path(str(Path(__file__).resolve().parents[2] / "scripts" / "show_padding_harm.py"))


def test_the_answer_is_that_of_the_last_padding(tiny_model):
    reader = SCRIPT["make_padding_reader"]()(tiny_model.config).eval()
    reader.load_state_dict(tiny_model.state_dict())
    input_ids, lengths = torch.tensor([[2, 3, 4], [5, 6, 0]]), torch.tensor([3, 2])
    with torch.no_grad():
        embedded = torch.zeros(2, tiny_model.config.max_length_tokens, tiny_model.config.embedding_dim)
        embedded[:, :3] = tiny_model.embedding(input_ids)
        last = torch.nn.LSTM.forward(tiny_model.lstm, embedded)[1][0][0]
        torch.testing.assert_close(reader(input_ids, lengths), tiny_model.classify(last), atol=1e-5, rtol=0)
        assert not torch.allclose(reader(input_ids, lengths), tiny_model(input_ids, lengths))


def test_a_run_leaves_its_results_and_the_warning(tmp_path, monkeypatch):
    rows = [
        f"a {word} film number {i},{label}" for i in range(40) for word, label in [("great", "pos"), ("bad", "neg")]
    ]
    (tmp_path / "reviews.csv").write_text("\n".join(["text,label", *rows]))
    monkeypatch.chdir(tmp_path)
    small = ["train.num_epochs=1", "model.hidden_size=4", "model.embedding_dim=4", "model.max_length_tokens=8"]
    SCRIPT["main"](["--dataset", "reviews.csv", "--output", "warning.json", "--set", *small, "data.split=pooled"])
    results = json.loads((tmp_path / "warning.json").read_text())
    assert (results["recipe"], results["warning"]) == ("packed-lstm", "reads padding as text")
    assert results["published"] == {"test_accuracy": 51.0}
    assert results["splits"]["test"]["num_rows"] > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["reviews.csv", "warning.json"]


def test_a_missing_folder_is_refused_before_any_work():
    with pytest.raises(InputError, match="there is no folder"):
        SCRIPT["main"](["--output", "none/warning.json"])
