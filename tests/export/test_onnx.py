"""The ONNX graph against the model: every configuration, any lengths, whatever stands at the padding."""

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from random_model import POOLINGS
from tokenizers import Tokenizer

from hf_lstm import InputError, LSTMSentiment
from hf_lstm.config import ModelSettings

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from hf_lstm.export.onnx import cut_to_every_length, export_onnx, open_session  # noqa: E402
from hf_lstm.export.onnx_network import build_onnx_model  # noqa: E402

VOCAB_SIZE = 30
CONFIGS = {
    "defaults": {},
    "bidirectional": {"bidirectional": True},
    "stacked": {"num_layers": 3, "dropout": 0.5},
    "stacked bidirectional": {"num_layers": 2, "bidirectional": True},
    "mean": {"pooling": "mean"},
    "max": {"pooling": "max", "bidirectional": True},
    "mean and max": {"pooling": "mean_max", "num_layers": 2, "bidirectional": True},
    "one logit": {"single_logit": True, "pooling": "mean"},
    "attention": {"pooling": "attention", "bidirectional": True, "num_layers": 2},
    "last, mean and max": {"pooling": "last_mean_max", "bidirectional": True},
    "norm before the classifier": {"head_norm": True, "pooling": "mean_max"},
    "single bias": {"single_bias": True},
    "temperature": {"temperature": 2.5},
    "two words a step": {"words_per_step": 2, "pooling": "mean_max", "bidirectional": True},
    "three words a step": {"words_per_step": 3, "pooling": "last_mean_max", "num_layers": 2},
    "one unit": {"embedding_dim": 1, "hidden_size": 1},
}


def make_model(num_labels=2, temperature=1.0, **options):
    torch.manual_seed(0)
    settings = ModelSettings(**{"embedding_dim": 5, "hidden_size": 7, **options})
    config = settings.resolve(vocab_size=VOCAB_SIZE, label_names=[f"l{i}" for i in range(num_labels)])
    model = LSTMSentiment(dataclasses.replace(config, temperature=temperature))
    for parameter in model.parameters():  # large enough that a wrong gate or direction shows
        torch.nn.init.normal_(parameter, std=0.7)
    return model.eval()


def run(session, input_ids, lengths):
    return session.run(["logits", "probabilities"], {"input_ids": input_ids, "lengths": lengths})


@pytest.fixture(scope="module", params=CONFIGS, ids=list(CONFIGS))
def pair(request):
    """A model and the session of its graph."""
    model = make_model(**CONFIGS[request.param])
    return model, open_session(build_onnx_model(model).SerializeToString())


def test_the_graph_is_tried_with_each_pooling():
    assert {options.get("pooling", "last") for options in CONFIGS.values()} == set(POOLINGS)


@settings(deadline=None, max_examples=20)
@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=9),
    spare=st.integers(0, 5),
    seed=st.integers(0, 2**32 - 1),
)
def test_logits_are_those_of_the_model_at_any_lengths(pair, lengths, spare, seed):
    model, session = pair
    input_ids = np.random.default_rng(seed).integers(0, VOCAB_SIZE, (len(lengths), max(lengths) + spare))
    lengths = np.array(lengths)
    logits, probabilities = run(session, input_ids, lengths)
    with torch.no_grad():
        expected = model(torch.from_numpy(input_ids), torch.from_numpy(lengths))
    np.testing.assert_allclose(logits, expected.numpy(), atol=2e-5)
    np.testing.assert_allclose(probabilities, (expected / model.config.temperature).softmax(dim=1).numpy(), atol=5e-6)


def test_neither_padding_nor_the_other_rows_matter(pair):
    _, session = pair
    rng = np.random.default_rng(0)
    lengths = np.array([1, 4, 9, 9, 2])
    input_ids = rng.integers(2, VOCAB_SIZE, (5, 9))
    together, _ = run(session, input_ids, lengths)
    other = np.where(np.arange(9) < lengths[:, None], input_ids, rng.integers(2, VOCAB_SIZE, (5, 9)))
    np.testing.assert_array_equal(run(session, other, lengths)[0], together)
    for row, length in enumerate(lengths):
        alone, _ = run(session, input_ids[row : row + 1, :length], lengths[row : row + 1])
        np.testing.assert_allclose(alone[0], together[row], atol=1e-5)


def test_a_row_of_length_zero_is_answered_as_one_unknown_word(pair):
    model, session = pair
    unk = model.config.unk_token_id
    (empty, _), (unknown, _) = (
        run(session, np.array([[2, 3, 4], [first, 0, 0]]), np.array([3, length]))
        for first, length in ((0, 0), (unk, 1))
    )
    np.testing.assert_array_equal(empty, unknown)
    assert np.isfinite(empty).all()


def test_more_labels():
    model = make_model(num_labels=7)
    session = open_session(build_onnx_model(model).SerializeToString())
    logits, probabilities = run(session, np.ones((2, 3), np.int64), np.array([3, 1]))
    assert logits.shape == probabilities.shape == (2, 7)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_every_length_is_compared():
    from hf_lstm.encoding.encoder import EncodedTexts

    texts = EncodedTexts(np.arange(12, dtype=np.int32), np.array([0, 2, 9, 12]))
    rows = cut_to_every_length(texts)
    assert rows.lengths.tolist() == [2, 7, 3, 1, 2, 3, 4, 5, 6, 7]
    assert rows[9].tolist() == texts[1].tolist()


def test_export_writes_the_graph_with_what_its_users_must_know(tiny_model, tmp_path):
    path = tmp_path / "new" / "tiny.onnx"
    export = export_onnx(tiny_model, path, ["a wonderful film with a great cast", "", "dull"])
    assert (export.num_rows, export.min_length_tokens, export.max_length_tokens) == (3 + 7, 1, 7)
    assert export.max_difference < 1e-6
    assert export.num_bytes == path.stat().st_size
    assert sorted(file.name for file in path.parent.iterdir()) == ["tiny.onnx", "tokenizer.json"]
    metadata = {entry.key: json.loads(entry.value) for entry in onnx.load(path).metadata_props}
    assert metadata["id2label"] == {"0": "neg", "1": "pos"}
    assert (metadata["unk_token_id"], metadata["max_length_tokens"], metadata["truncation"]) == (1, 32, "first")
    assert (metadata["kept_tokens"], metadata["temperature"]) == ({"first": 32, "last": 0}, 1.0)

    # As somebody without this package would use the folder.
    tokenizer = Tokenizer.from_file(str(path.parent / "tokenizer.json"))
    ids = tokenizer.encode("a dull film").ids
    _, probabilities = run(open_session(path.read_bytes()), np.array([ids]), np.array([len(ids)]))
    expected = tiny_model.predict_proba("a dull film", precision="float32").numpy()
    np.testing.assert_allclose(probabilities, expected, atol=1e-6)


@pytest.mark.parametrize("truncation", ["first", "last", "head_tail"])
def test_what_is_compared_is_cut_as_for_the_model(tiny_model, tmp_path, monkeypatch, truncation):
    compared = []
    monkeypatch.setattr("hf_lstm.export.onnx.compare_with_onnx", lambda *arguments: compared.append(arguments[2]) or 0)
    tiny_model.config = dataclasses.replace(tiny_model.config, truncation=truncation, max_length_tokens=3)
    export_onnx(tiny_model, tmp_path / "tiny.onnx", ["a wonderful film with a great cast"])
    ids = tiny_model.tokenizer.encode("a wonderful film with a great cast").ids
    expected = {"first": ids[:3], "last": ids[-3:], "head_tail": [*ids[:2], ids[-1]]}
    assert compared[0][0].tolist() == expected[truncation]


@pytest.mark.parametrize("truncation", ["first", "last", "head_tail"])
@pytest.mark.parametrize("text", ["A wonderful film.", "", "dull", "a dull film and a waste of time with a cast"])
def test_the_example_in_the_docs_gives_our_probabilities(tiny_model, tmp_path, monkeypatch, truncation, text):
    tiny_model.config = dataclasses.replace(
        tiny_model.config, truncation=truncation, max_length_tokens=5, temperature=2.5
    )
    export_onnx(tiny_model, tmp_path / "imdb-lstm-onnx" / "model.onnx", ["a film"])
    page = (Path(__file__).resolve().parents[2] / "docs" / "deployment.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n((?:(?!```).)*onnxruntime.*?)```", page, flags=re.DOTALL)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(example.replace('"A wonderful film."', repr(text)), names)
    expected = tiny_model.predict_proba(text, precision="float32")[0].numpy()
    np.testing.assert_allclose(names["probabilities"], expected, atol=1e-6)
    assert list(names["told"]["id2label"].values()) == ["neg", "pos"]


def test_a_graph_that_differs_is_not_written(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setattr("hf_lstm.export.onnx_graph._GATES", (0, 1, 2, 3))
    with pytest.raises(RuntimeError, match=r"differs by .* from PyTorch"):
        export_onnx(tiny_model, tmp_path / "out" / "tiny.onnx", ["a wonderful film"])
    assert not list(tmp_path.rglob("*.onnx"))


def test_the_tokenizer_of_another_model_is_kept(tiny_model, tmp_path):
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(InputError, match="tokenizer of another model"):
        export_onnx(tiny_model, tmp_path / "tiny.onnx", ["a film"])
    assert (tmp_path / "tokenizer.json").read_text() == "{}"


def test_a_place_that_cannot_be_written_is_one_line(tiny_model, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="can't be written"):
        export_onnx(tiny_model, tmp_path / "file" / "tiny.onnx", ["a film"])


def test_names_of_labels_stand_in_the_order_of_their_ids():
    names = {str(index): f"class{index}" for index in range(12)}
    config = make_model(num_labels=12).config
    shuffled = dataclasses.replace(config, id2label=dict(sorted(names.items())))  # "10" and "11" before "2"
    assert list(shuffled.id2label) == list(range(12))
    told = open_session(build_onnx_model(LSTMSentiment(shuffled)).SerializeToString()).get_modelmeta()
    assert list(json.loads(told.custom_metadata_map["id2label"])) == list(names)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_quantized_and_half_models_are_refused_in_one_line(tiny_model, tmp_path):
    quantized = torch.ao.quantization.quantize_dynamic(tiny_model, {torch.nn.Linear}, dtype=torch.qint8)
    for model, message in ((quantized, "quantized, wrapped or pruned"), (tiny_model.half(), "is in float16; export")):
        with pytest.raises(InputError, match=message):
            export_onnx(model, tmp_path / "model.onnx", ["a film"])
    assert not list(tmp_path.glob("*"))
