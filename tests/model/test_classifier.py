import dataclasses
import hashlib
import json

import pytest
import safetensors.torch
import torch
from run_records import make_results, parse_results

from hf_lstm import InputError, LSTMSentiment
from hf_lstm.config.recipes.published import PACKED_LSTM
from hf_lstm.files.names import TRANSFORMERS_FILES

TEXTS = ["a wonderful film", "the worst acting of the year", "", "great fun great cast"]


def test_saved_folder_holds_exactly_these_files_and_loads_back_bitwise(tiny_model, tmp_path):
    tiny_model.save_pretrained(tmp_path / "first")
    (tmp_path / "first" / "recipe.json").write_text(json.dumps(PACKED_LSTM.to_json()))
    LSTMSentiment.from_pretrained(tmp_path / "first").save_pretrained(tmp_path / "model")
    files = {path.name for path in (tmp_path / "model").iterdir()}
    assert files == {
        "config.json", "model.safetensors", "tokenizer.json", "README.md", "recipe.json", *TRANSFORMERS_FILES
    }  # fmt: skip
    loaded = LSTMSentiment.from_pretrained(tmp_path / "model")
    assert not loaded.training
    assert loaded.config == tiny_model.config
    assert loaded.recipe == PACKED_LSTM
    assert loaded.results is None
    assert loaded.tokenizer.to_str() == tiny_model.tokenizer.to_str()
    assert torch.equal(loaded.predict_proba(TEXTS), tiny_model.predict_proba(TEXTS))
    for name, tensor in tiny_model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)


def test_weights_that_share_one_buffer_are_saved_whole(tiny_model, tmp_path):
    """What cuDNN does to LSTM weights on `.cuda()`: views of one flat buffer."""
    weights = [parameter for _, parameter in tiny_model.lstm.named_parameters()]
    buffer = torch.cat([weight.detach().flatten() for weight in weights])
    start = 0
    for weight in weights:
        weight.data = buffer[start : start + weight.numel()].view_as(weight)
        start += weight.numel()
    with pytest.raises(RuntimeError):
        safetensors.torch.save_model(tiny_model, str(tmp_path / "plain.safetensors"))
    tiny_model.save_pretrained(tmp_path / "model")
    loaded = LSTMSentiment.from_pretrained(tmp_path / "model")
    assert torch.equal(loaded.predict_proba(TEXTS), tiny_model.predict_proba(TEXTS))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_weights_halve_the_file_and_stay_half_when_saved_again(tiny_model, tmp_path, dtype):
    tiny_model.save_pretrained(tmp_path / "full")
    half = LSTMSentiment(dataclasses.replace(tiny_model.config, dtype=dtype), tiny_model.tokenizer)
    half.load_state_dict(tiny_model.state_dict())
    half.save_pretrained(tmp_path / "half")
    loaded = LSTMSentiment.from_pretrained(tmp_path / "half")
    assert loaded.embedding.weight.dtype == torch.float32
    loaded.save_pretrained(tmp_path / "again")
    half_bytes = (tmp_path / "half" / "model.safetensors").read_bytes()
    assert (tmp_path / "again" / "model.safetensors").read_bytes() == half_bytes
    assert json.loads((tmp_path / "half" / "config.json").read_text())["dtype"] == dtype
    torch.testing.assert_close(loaded.predict_proba(TEXTS), tiny_model.predict_proba(TEXTS), rtol=0, atol=1e-2)


def test_an_edited_card_is_kept_unless_told_otherwise(tiny_model, tmp_path):
    tiny_model.save_pretrained(tmp_path)
    card = tmp_path / "README.md"
    generated = card.read_text()
    card.write_text("my own words")
    tiny_model.save_pretrained(tmp_path)
    assert card.read_text() == "my own words"
    tiny_model.save_pretrained(tmp_path, overwrite_card=True)
    assert card.read_text() == generated


def test_misspelt_arguments_are_refused(tiny_model, tmp_path):
    with pytest.raises(TypeError):
        tiny_model.save_pretrained(tmp_path, overwrite_crad=True)
    with pytest.raises(TypeError):
        LSTMSentiment.from_pretrained(tmp_path, num_labels=3)


def test_a_model_without_tokenizer_computes_but_neither_saves_nor_predicts(tiny_model, tmp_path):
    model = LSTMSentiment(tiny_model.config)
    assert model(torch.tensor([[3, 4]]), torch.tensor([2])).shape == (1, 2)
    with pytest.raises(InputError, match="no tokenizer"):
        model.save_pretrained(tmp_path / "model")
    assert not (tmp_path / "model").exists()
    with pytest.raises(InputError, match="no tokenizer"):
        model.predict("a")


def test_figures_of_other_weights_are_left_out(tiny_model_folder, tmp_path, caplog):
    weights = (tiny_model_folder / "model.safetensors").read_bytes()
    results = {**make_results(), "weights_sha256": hashlib.sha256(weights).hexdigest()}
    (tiny_model_folder / "results.json").write_text(json.dumps(results))
    model = LSTMSentiment.from_pretrained(tiny_model_folder)
    assert model.results == parse_results(results)
    with torch.no_grad():
        model.classifier.weight.zero_()
    (tmp_path / "changed").mkdir()
    (tmp_path / "changed" / "results.json").write_text('{"of": "another run"}')
    model.save_pretrained(tmp_path / "changed")
    assert "not those that were measured" in caplog.text
    assert not (tmp_path / "changed" / "results.json").exists()


def test_a_model_is_not_saved_onto_a_file_nor_with_a_tokenizer_of_another_size(tiny_model, tmp_path):
    (tmp_path / "file").write_text("kept")
    for folder in (tmp_path / "file", tmp_path / "file" / "model"):
        with pytest.raises(InputError, match="cannot be written"):
            tiny_model.save_pretrained(folder)
    assert (tmp_path / "file").read_text() == "kept"
    tiny_model.tokenizer.add_tokens(["unseen"])
    with pytest.raises(InputError, match=r"the tokenizer has .* entries, but the model's vocab_size"):
        tiny_model.save_pretrained(tmp_path / "model")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("name", ["recipe", "results"])
def test_provenance_that_no_run_wrote_is_refused_where_it_is_asked_for(tiny_model_folder, tmp_path, name):
    (tiny_model_folder / f"{name}.json").write_text('{"name": 1, "splits": []}')
    model = LSTMSentiment.from_pretrained(tiny_model_folder)
    assert model.predict("a film")["label"] in ("neg", "pos")
    with pytest.raises(InputError, match=rf"{name}\.json: .* expected what a run of hf_lstm writes"):
        getattr(model, name)
    with pytest.raises(InputError, match="expected what a run of hf_lstm writes"):
        model.save_pretrained(tmp_path / "again")


@pytest.mark.parametrize("name", ["a" * 5_000, f"{'a' * 5_000}/b", "a\0b"])
def test_what_can_be_no_name_is_no_model_in_a_short_line(name):
    with pytest.raises(InputError, match=r"^model 'a.* is neither a folder here nor a Hub id like org/name$") as caught:
        LSTMSentiment.from_pretrained(name)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("", "save_directory is ''; expected the name of a folder"),
        (None, "save_directory is None; expected"),
        ("a\0b", "save_directory is 'a.*b'; expected"),
        ("\ud800", "cannot be written: 'utf-8' codec can't encode"),
    ],
)
def test_what_can_be_no_folder_takes_no_model(tiny_model, tmp_path, monkeypatch, folder, reason):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=reason):
        tiny_model.save_pretrained(folder)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_is_no_model(name):
    with pytest.raises(InputError, match="name is empty"):
        LSTMSentiment.from_pretrained(name)
