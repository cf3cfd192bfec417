import dataclasses
import json
import struct

import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import decoders

from hf_lstm import InputError, LSTMSentiment
from hf_lstm.config import ModelConfig
from hf_lstm.files.writing import write_file


def edit_config(folder, **changes):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))


def drop_setting(folder, name):
    config = json.loads((folder / "config.json").read_text())
    del config[name]
    (folder / "config.json").write_text(json.dumps(config))


def edit_vocab(folder, edit):
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    edit(tokenizer["model"]["vocab"])
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))


def edit_tokenizer_model(folder, **changes):
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["model"].update(changes)
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))


def edit_weights(folder, edit):
    tensors = safetensors.torch.load_file(folder / "model.safetensors")
    edit(tensors)
    safetensors.torch.save_file(tensors, folder / "model.safetensors")


def name_twice(content):
    (size,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + size])
    twice = json.dumps(header)[:-1] + ', "classifier.bias": ' + json.dumps(header["classifier.bias"]) + "}"
    return struct.pack("<Q", len(twice)) + twice.encode() + content[8 + size :]


def make_sparse(path):
    with open(path, "wb") as file:
        file.truncate(20 * 2**30)


DAMAGES = {
    "no weights": lambda f: (f / "model.safetensors").unlink(),
    "only a pickle": lambda f: (f / "model.safetensors").rename(f / "pytorch_model.bin"),
    "a pickle under its name": lambda f: torch.save({}, f / "model.safetensors"),
    "empty weights": lambda f: (f / "model.safetensors").write_bytes(b""),
    "huge header": lambda f: (f / "model.safetensors").write_bytes(struct.pack("<Q", 10**12) + b"{}"),
    "tensor missing": lambda f: edit_weights(f, lambda t: t.pop("classifier.bias")),
    "tensor too many": lambda f: edit_weights(f, lambda t: t.update(extra=torch.zeros(1))),
    "other shape": lambda f: edit_weights(f, lambda t: t.update({"classifier.bias": torch.zeros(3)})),
    "not finite": lambda f: edit_weights(f, lambda t: t["classifier.bias"].fill_(torch.nan)),
    "silent float64": lambda f: edit_weights(f, lambda t: t.update({"classifier.bias": torch.zeros(2).double()})),
    "integers": lambda f: edit_weights(f, lambda t: t.update({"classifier.bias": torch.zeros(2).to(torch.int8)})),
    "config is no JSON": lambda f: (f / "config.json").write_text("{"),
    "config is no object": lambda f: (f / "config.json").write_text("[]"),
    "config is Latin-1": lambda f: (f / "config.json").write_bytes(b'{"a": "\xe9"}'),
    "absurd size": lambda f: edit_config(f, hidden_size=10**12),
    "absurd depth": lambda f: edit_config(f, num_layers=10**9),
    "wrong type": lambda f: edit_config(f, hidden_size="8"),
    "label missing": lambda f: edit_config(f, id2label=None),
    "labels are a list": lambda f: edit_config(f, id2label=["neg", "pos"]),
    "setting missing": lambda f: drop_setting(f, "pooling"),
    "weights of a lost setting": lambda f: edit_config(f, head_norm=True),
    "setting unknown": lambda f: edit_config(f, colour="red"),
    "labels alike": lambda f: edit_config(f, id2label={"0": "a", "1": "a"}),
    "labels are no names": lambda f: edit_config(f, id2label={"0": None, "1": {"x": 1}}),
    "no limit of tokens": lambda f: edit_config(f, max_length_tokens=10**30),
    "other pad id than the tokenizer's": lambda f: edit_config(f, pad_token_id=5),
    "token id beyond the embedding": lambda f: edit_vocab(f, lambda v: v.update(film=10**6)),
    "two words with one id": lambda f: edit_vocab(f, lambda v: v.update(film=3, dull=3)),
    "no <unk>": lambda f: edit_vocab(f, lambda v: v.update(unk=v.pop("<unk>"))),
    "unknown words are another one": lambda f: edit_tokenizer_model(f, unk_token="film"),
    "unknown words are none": lambda f: edit_tokenizer_model(f, unk_token="nobody"),
    "temperature of zero": lambda f: edit_config(f, temperature=0),
    "temperature that is no number": lambda f: edit_config(f, temperature="warm"),
    "third label": lambda f: edit_config(f, id2label={"0": "a", "1": "b", "2": "c"}),
    "pad id out of range": lambda f: edit_config(f, pad_token_id=10**6),
    "vocabulary of another size": lambda f: edit_config(f, vocab_size=7),
    "tokenizer is no JSON": lambda f: (f / "tokenizer.json").write_text("{"),
    "temperature below any": lambda f: edit_config(f, temperature=1e-45),
    "tensor twice": lambda f: (f / "model.safetensors").write_bytes(name_twice((f / "model.safetensors").read_bytes())),
    "label without end": lambda f: edit_config(f, id2label={"0": "a" * 10**6, "1": "b"}),
    "label that is no UTF-8": lambda f: edit_config(f, id2label={"0": "\ud800", "1": "b"}),
    "setting twice": lambda f: (f / "config.json").write_text('{"dtype": "float32", "dtype": "float16"}'),
    "many settings unknown": lambda f: edit_config(f, **{f"setting {index}": 1 for index in range(10_000)}),
    "many tensors": lambda f: edit_weights(f, lambda t: t.update({f"t{i}": torch.zeros(1) for i in range(1000)})),
    "huge config": lambda f: make_sparse(f / "config.json"),
    "huge tokenizer": lambda f: make_sparse(f / "tokenizer.json"),
    "huge recipe": lambda f: make_sparse(f / "recipe.json"),
    "huge results": lambda f: make_sparse(f / "results.json"),
    "huge weights": lambda f: make_sparse(f / "model.safetensors"),
    "no tokenizer": lambda f: (f / "tokenizer.json").unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damaged_folder_is_refused_in_one_line(tiny_model_folder, damage):
    damage(tiny_model_folder)
    with pytest.raises(InputError) as caught:
        LSTMSentiment.from_pretrained(tiny_model_folder)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) <= 800


def test_weights_that_memory_cannot_hold_are_refused_by_their_header(tiny_model_folder, monkeypatch):
    monkeypatch.setattr("hf_lstm.model.weights_file.measure_free_bytes", lambda: 100)
    with pytest.raises(InputError, match=r"model\.safetensors needs [\d,]+ bytes of memory, but 100 are free"):
        LSTMSentiment.from_pretrained(tiny_model_folder)


def test_a_tokenizer_that_would_not_be_loaded_is_not_saved(tiny_model, tmp_path):
    tiny_model.tokenizer.decoder = decoders.Fuse()
    with pytest.raises(InputError, match=r"^the tokenizer of the model: its decoder is Fuse"):
        tiny_model.save_pretrained(tmp_path / "model")
    assert not list((tmp_path / "model").iterdir())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_truncation_or_flipped_byte_ends_in_another_error(tiny_model_folder, data):
    path = tiny_model_folder / "model.safetensors"
    content = original = path.read_bytes()
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        position = data.draw(st.integers(0, min(1000, len(content) - 1)))
        flipped = content[position] ^ data.draw(st.integers(1, 255))
        content = content[:position] + bytes([flipped]) + content[position + 1 :]
    path.write_bytes(content)
    try:
        LSTMSentiment.from_pretrained(tiny_model_folder)
    except InputError as error:
        assert "model.safetensors" in str(error)  # noqa: PT017 - some flips leave a readable file
    finally:
        path.write_bytes(original)


def test_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "results.json"
    write_file(path, b"old")

    def fail(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hf_lstm.files.writing.os.fsync", fail)
    with pytest.raises(
        InputError, match=r"results\.json cannot be written: No space left on device; 3 bytes are needed"
    ):
        write_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


ADDED_LATER = ("embedding_dropout_mask", "words_per_step", "direction_dropout", "problem_type", "thresholds")


@pytest.mark.parametrize(
    "name", [field.name for field in dataclasses.fields(ModelConfig) if field.name not in ADDED_LATER]
)
def test_a_lost_setting_is_refused_rather_than_guessed(tiny_model_folder, name):
    drop_setting(tiny_model_folder, name)
    with pytest.raises(InputError, match=rf"config.json: settings missing: '{name}', "):
        LSTMSentiment.from_pretrained(tiny_model_folder)


def test_a_setting_of_training_that_came_later_may_be_missing(tiny_model_folder):
    drop_setting(tiny_model_folder, "embedding_dropout_mask")
    assert LSTMSentiment.from_pretrained(tiny_model_folder).config.embedding_dropout_mask == "value"


def test_the_words_of_a_step_are_named_where_they_are_several_and_told_by_the_weights(tiny_model, tmp_path):
    tiny_model.save_pretrained(tmp_path / "one")
    assert "words_per_step" not in json.loads((tmp_path / "one" / "config.json").read_text())
    config = dataclasses.replace(tiny_model.config, words_per_step=2)
    LSTMSentiment(config, tiny_model.tokenizer).save_pretrained(tmp_path / "two")
    assert LSTMSentiment.from_pretrained(tmp_path / "two").config == config
    drop_setting(tmp_path / "two", "words_per_step")
    with pytest.raises(InputError, match="weight_ih_l0"):
        LSTMSentiment.from_pretrained(tmp_path / "two")


def test_all_settings_come_back(tiny_model, tmp_path):
    config = dataclasses.replace(
        tiny_model.config,
        bidirectional=True,
        num_layers=2,
        single_bias=True,
        head_norm=True,
        pooling="attention",
        dropout=0.5,
        embedding_dropout=0.1,
        output_dropout=0.0,
        word_dropout=0.2,
    )
    model = LSTMSentiment(config, tiny_model.tokenizer)
    model.save_pretrained(tmp_path)
    loaded = LSTMSentiment.from_pretrained(tmp_path)
    assert loaded.config == config
    assert torch.equal(loaded.predict_proba(["a great film"]), model.predict_proba(["a great film"]))
    assert [name for name, _ in loaded.named_parameters()] == [name for name, _ in model.named_parameters()]
