import dataclasses
import hashlib
import json

import pytest
import safetensors.torch
import torch
from torch import nn

from hf_lstm import InputError, LSTMSentiment, ModelConfig
from hf_lstm.recipes import PACKED_LSTM, STOPWORD_LSTM

TEXTS = ["a wonderful film", "the worst acting of the year", "", "great fun great cast"]
POOLINGS = ["last", "mean", "max", "mean_max"]


def make_model(**changes) -> LSTMSentiment:
    torch.manual_seed(0)
    config = dataclasses.replace(ModelConfig(embedding_dim=6, hidden_size=8), **changes)
    return LSTMSentiment(config.resolve(vocab_size=30, label_names=["neg", "pos"])).eval()


def count_parameters(config: ModelConfig, vocab_size: int) -> int:
    with torch.device("meta"):
        model = LSTMSentiment(config.resolve(vocab_size=vocab_size, label_names=["neg", "pos"]))
    return sum(parameter.numel() for parameter in model.parameters())


def test_published_sizes():
    assert count_parameters(STOPWORD_LSTM.model, 33_873) == STOPWORD_LSTM.published["num_parameters"] == 75_275
    assert count_parameters(PACKED_LSTM.model, 25_002) == PACKED_LSTM.published["num_parameters"] == 2_867_049


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_padding_never_changes_logits(pooling, bidirectional):
    model = make_model(pooling=pooling, bidirectional=bidirectional, num_layers=2)
    input_ids = torch.randint(0, 30, (5, 9))
    lengths = torch.tensor([9, 1, 4, 9, 7])
    together = model(input_ids, lengths)
    assert together.shape == (5, 2)
    assert together.dtype == torch.float32
    for row, length in enumerate(lengths):
        torch.testing.assert_close(model(input_ids[[row], :length], lengths[[row]])[0], together[row])
        input_ids[row, length:] = 7
    torch.testing.assert_close(model(nn.functional.pad(input_ids, (0, 3), value=5), lengths), together)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_features_are_what_packed_sequences_give(bidirectional):
    model = make_model(bidirectional=bidirectional)
    reference = nn.LSTM(6, 8, batch_first=True, bidirectional=bidirectional)
    reference.load_state_dict(model.lstm.state_dict())
    input_ids, lengths = torch.randint(0, 30, (4, 6)), torch.tensor([6, 2, 5, 1])
    packed = nn.utils.rnn.pack_padded_sequence(model.embedding(input_ids), lengths, True, enforce_sorted=False)
    _, (h_n, _) = reference(packed)
    torch.testing.assert_close(model(input_ids, lengths), model.classifier(torch.cat(list(h_n), dim=1)))


def test_single_logit_is_the_sigmoid():
    model = make_model(single_logit=True)
    logits = model(torch.tensor([[3, 4]]), torch.tensor([2]))
    assert model.classifier.out_features == 1
    assert logits.shape == (1, 2)
    torch.testing.assert_close(logits.softmax(dim=1)[:, 1], logits[:, 1].sigmoid())


def test_xavier_orthogonal_initialization():
    model = make_model(initialization="xavier_orthogonal")
    for name, parameter in model.lstm.named_parameters():
        if name.startswith("bias"):
            assert not parameter.any()
    weight = model.lstm.weight_hh_l0
    torch.testing.assert_close(weight.T @ weight, torch.eye(8))
    assert not model.classifier.bias.any()


def test_open_forget_gates():
    model = make_model(initialization="open_forget_gate", bidirectional=True)
    for suffix in ("l0", "l0_reverse"):
        bias = getattr(model.lstm, f"bias_ih_{suffix}") + getattr(model.lstm, f"bias_hh_{suffix}")
        assert bias[8:16].tolist() == [1.0] * 8
        assert (bias[:8].abs() < 2 / 8**0.5).all()
        weight = getattr(model.lstm, f"weight_hh_{suffix}")
        torch.testing.assert_close(weight.T @ weight, torch.eye(8))


def test_saved_folder_holds_exactly_these_files_and_loads_back_bitwise(tiny_model, tmp_path):
    tiny_model.recipe = PACKED_LSTM.to_dict()
    tiny_model.save_pretrained(tmp_path / "model")
    files = {path.name for path in (tmp_path / "model").iterdir()}
    assert files == {"config.json", "model.safetensors", "tokenizer.json", "README.md", "recipe.json"}
    loaded = LSTMSentiment.from_pretrained(tmp_path / "model")
    assert not loaded.training
    assert loaded.config == tiny_model.config
    assert loaded.recipe == tiny_model.recipe
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


def test_a_model_without_tokenizer_computes_but_neither_saves_nor_predicts(tmp_path):
    model = make_model()
    with pytest.raises(InputError, match="no tokenizer"):
        model.save_pretrained(tmp_path / "model")
    assert not (tmp_path / "model").exists()
    with pytest.raises(InputError, match="no tokenizer"):
        model.predict("a")


def test_config_without_vocabulary_or_labels_is_refused():
    with pytest.raises(InputError, match="vocab_size and id2label"):
        LSTMSentiment(ModelConfig())


@pytest.mark.parametrize("pooling", ["last", "mean_max"])
def test_bfloat16_gives_a_row_the_same_bits_alone_and_in_a_batch(pooling):
    """At 256 units: the fused kernel's path for one row alone rounds otherwise on processors with AMX."""
    model = make_model(embedding_dim=100, hidden_size=256, bidirectional=True, pooling=pooling)
    lengths = torch.tensor([60, 1, 35, 35, 2, 17, 48])
    input_ids = torch.randint(0, 30, (len(lengths), 60))
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        together = model(input_ids, lengths)
        alone = torch.cat([model(input_ids[[row]], lengths[[row]]) for row in range(len(lengths))])
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-6)


def test_figures_of_other_weights_are_left_out(tiny_model_folder, tmp_path, caplog):
    model = LSTMSentiment.from_pretrained(tiny_model_folder)
    weights = (tiny_model_folder / "model.safetensors").read_bytes()
    model.results = {"weights_sha256": hashlib.sha256(weights).hexdigest()}
    with torch.no_grad():
        model.classifier.weight.zero_()
    (tmp_path / "changed").mkdir()
    (tmp_path / "changed" / "results.json").write_text('{"of": "another run"}')
    model.save_pretrained(tmp_path / "changed")
    assert "not those that were measured" in caplog.text
    assert not (tmp_path / "changed" / "results.json").exists()
