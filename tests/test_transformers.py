"""A pushed model in transformers: its own files, or ours once they are imported, give the same answers."""

import json
import re
import subprocess
import sys
import warnings

import pytest
import torch
from local_hub import WRITE_TOKEN
from random_model import POOLINGS, build_model

from hf_lstm import FLAGSHIP, FLAGSHIP_TINY
from hf_lstm.config.model import MULTI_LABEL, SINGLE_LABEL
from hf_lstm.files.names import REMOTE_FILES
from hf_lstm.model.prediction import compute_logits
from hf_lstm.remote.settings import read_remote_module

transformers = pytest.importorskip("transformers")
configuration_utils = pytest.importorskip("transformers.configuration_utils")

TEXTS = ["a wonderful film", "", "a dull film " * 30 + "wonderful", "<pad> great <unk> cast", "great"]
KINDS = [
    {},
    {"pooling": "mean_max", "bidirectional": True, "truncation": "head_tail"},
    {"pooling": "attention", "num_layers": 2, "head_norm": True, "truncation": "last"},
    {"pooling": "max", "bidirectional": True, "single_logit": True},
    {"pooling": "mean", "single_bias": True, "dtype": "bfloat16"},
    {"pooling": "mean_max", "bidirectional": True, "words_per_step": 2},
    {"pooling": "last_mean_max", "bidirectional": True, "num_layers": 2},
]


def save(folder, label_names=("neg", "pos"), **settings):
    build_model(label_names, **settings).save_pretrained(folder)
    from hf_lstm import LSTMSentiment

    return LSTMSentiment.from_pretrained(folder)


def test_the_files_beside_a_model_are_tried_with_each_pooling():
    assert {kind.get("pooling", "last") for kind in KINDS} == set(POOLINGS)


@pytest.mark.parametrize("settings", KINDS, ids=str)
@pytest.mark.parametrize("side", ["right", "left"])
def test_the_files_beside_a_model_give_its_logits(tmp_path, settings, side):
    model = save(tmp_path / "model", **settings)
    loaded = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / "model", trust_remote_code=True)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "model", trust_remote_code=True)
    tokenizer.padding_side = side
    with torch.no_grad():
        logits = loaded(**tokenizer(TEXTS, padding=True, return_tensors="pt")).logits
    expected = compute_logits(model, model.encode(TEXTS), dtype=torch.float32)
    torch.testing.assert_close(logits, expected, rtol=0, atol=1e-5)
    assert loaded.config.id2label == model.config.id2label


@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_what_transformers_saves_loads_here_again(tmp_path, settings):
    import dataclasses

    from hf_lstm import LSTMSentiment

    model = save(tmp_path / "model", **settings)
    names = {number: f"LABEL_{number}" for number in model.config.id2label}  # transformers leaves out those of two
    model.config = dataclasses.replace(model.config, temperature=0.25, id2label=names)
    model.save_pretrained(tmp_path / "model")
    for kind in (transformers.AutoModelForSequenceClassification, transformers.AutoTokenizer):
        kind.from_pretrained(tmp_path / "model", trust_remote_code=True).save_pretrained(tmp_path / "theirs")
    again = LSTMSentiment.from_pretrained(tmp_path / "theirs")
    assert again.config == dataclasses.replace(model.config, dtype="float32")
    assert torch.equal(again.predict_proba(TEXTS, precision="float32"), model.predict_proba(TEXTS, precision="float32"))


@pytest.mark.parametrize("problem_type", [SINGLE_LABEL, MULTI_LABEL])
def test_the_example_of_the_card_answers_as_the_model(tmp_path, monkeypatch, problem_type):
    model = save(tmp_path / "model", problem_type=problem_type)
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(from transformers import .*?)```", card, flags=re.DOTALL)
    *before, asked = example.strip().splitlines()
    monkeypatch.chdir(tmp_path / "model")
    names = {}
    exec("\n".join(before), names)
    answers = eval(asked, names)
    expected = model.predict("A text to classify.", top_k=len(answers), precision="float32")
    assert [answer["label"] for answer in answers] == [answer["label"] for answer in expected]
    assert [answer["score"] for answer in answers] == pytest.approx([answer["score"] for answer in expected], abs=1e-5)
    assert len(answers) == (1 if problem_type == SINGLE_LABEL else 2)


def test_a_pushed_model_is_a_pipeline(tmp_path, hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", WRITE_TOKEN)
    model = build_model(("bad", "fair", "good"), bidirectional=True, pooling="mean_max")
    model.push_to_hub("me/rated")
    assert {"modeling_hf_lstm.py", "configuration_hf_lstm.py", "tokenizer_config.json"} <= set(hub.files("me/rated"))
    classify = transformers.pipeline("text-classification", model="me/rated", trust_remote_code=True)
    answers = classify(TEXTS, top_k=None)
    for answer, expected in zip(answers, model.predict(TEXTS, top_k=None, precision="float32"), strict=True):
        assert [row["label"] for row in answer] == [row["label"] for row in expected]
        assert [row["score"] for row in answer] == pytest.approx([row["score"] for row in expected], abs=1e-5)


@pytest.mark.parametrize("task", ["text-classification", "sentiment-analysis"])
def test_scores_are_calibrated_and_logits_are_not(tmp_path, task):
    import dataclasses

    model = build_model()
    model.config = dataclasses.replace(model.config, temperature=0.2)
    model.save_pretrained(tmp_path / "model")
    classify = transformers.pipeline(task, model=str(tmp_path / "model"), trust_remote_code=True)
    expected = [row["score"] for row in model.predict(TEXTS, precision="float32")]
    assert [row["score"] for row in classify(TEXTS)] == pytest.approx(expected, abs=1e-5)


def test_with_our_module_no_remote_code_is_trusted_and_nothing_is_warned_of(tiny_model, tmp_path):
    tiny_model.save_pretrained(tmp_path / "model")
    code = f"""
import json, sys
import hf_lstm.transformers
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline
AutoTokenizer.from_pretrained({str(tmp_path / "model")!r})
model = AutoModelForSequenceClassification.from_pretrained({str(tmp_path / "model")!r})
classify = pipeline("text-classification", model={str(tmp_path / "model")!r})
print(json.dumps([type(model).__module__, classify({TEXTS!r})]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, input="")
    module, answers = json.loads(done.stdout.splitlines()[-1])
    assert module == "hf_lstm.transformers"
    expected = tiny_model.predict(TEXTS, precision="float32")
    assert [row["score"] for row in answers] == pytest.approx([row["score"] for row in expected], abs=1e-5)
    assert "arn" not in done.stderr.replace("Loading weights", "")


@pytest.mark.parametrize(
    ("name", "options"), [("AutoTokenizer", {"trust_remote_code": True}), ("PreTrainedTokenizerFast", {})]
)
def test_a_tokenizer_alone_is_loaded_without_a_warning(tiny_model, tmp_path, capsys, name, options):
    tiny_model.save_pretrained(tmp_path / "model")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tokenizer = getattr(transformers, name).from_pretrained(tmp_path / "model", **options)
    assert capsys.readouterr().err == ""
    for text in TEXTS[:2] + TEXTS[3:]:
        ids = tokenizer(text)["input_ids"] or [tiny_model.config.unk_token_id]
        assert ids == tiny_model.encode(text).tolist()


@pytest.mark.parametrize(
    ("name", "options", "warned"),
    [
        ("AutoTokenizer", {"trust_remote_code": True}, False),
        ("PreTrainedTokenizerFast", {}, False),
        ("AutoTokenizer", {"trust_remote_code": False}, True),
    ],
)
def test_a_tokenizer_of_the_hub_is_loaded_alone(hub, monkeypatch, tiny_model, name, options, warned):
    """`AutoTokenizer` reads the model's config first, whose kind is unknown to transformers without our code."""
    monkeypatch.setenv("HF_TOKEN", WRITE_TOKEN)
    tiny_model.push_to_hub("me/tiny")
    told = []
    monkeypatch.setattr(configuration_utils.logger, "warning", lambda message, *_, **__: told.append(message))
    tokenizer = getattr(transformers, name).from_pretrained("me/tiny", **options)
    assert tokenizer(TEXTS[3])["input_ids"] == tiny_model.encode(TEXTS[3]).tolist()
    assert [message for message in told if "model of type `hf_lstm`" in message] == told
    assert bool(told) == warned


def test_code_that_somebody_changed_is_not_published(tiny_model, tmp_path):
    from hf_lstm.hub.publication import plan_publication

    tiny_model.save_pretrained(tmp_path / "model")
    (tmp_path / "model" / "modeling_hf_lstm.py").write_text("import os")
    plan = {planned.name: planned.content for planned in plan_publication(tmp_path / "model", is_public=True)}
    for name in REMOTE_FILES:
        assert plan[name] == read_remote_module(name)


@pytest.mark.parametrize("folder", [FLAGSHIP, FLAGSHIP_TINY], ids=lambda folder: folder.name)
@pytest.mark.parametrize("name", REMOTE_FILES)
def test_the_shipped_models_have_todays_modules(folder, name):
    assert (folder / name).read_bytes() == read_remote_module(name)


def test_any_number_of_labels_is_a_problem_that_transformers_knows(tmp_path):
    model = save(tmp_path / "model", ("a", "b", "c"), problem_type="multi_label_classification")
    loaded = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / "model", trust_remote_code=True)
    assert loaded.config.problem_type == "multi_label_classification"
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "model", trust_remote_code=True)
    labels = torch.tensor([[0, 1, 1]] * len(TEXTS))
    with torch.no_grad():
        output = loaded(**tokenizer(TEXTS, padding=True, return_tensors="pt"), labels=labels)
    expected = compute_logits(model, model.encode(TEXTS), dtype=torch.float32)
    torch.testing.assert_close(output.logits, expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(output.loss * len(TEXTS), model.problem.sum_loss(expected, labels), rtol=0, atol=1e-5)
    classify = transformers.pipeline("text-classification", model=str(tmp_path / "model"), trust_remote_code=True)
    answers = classify(TEXTS, top_k=None)
    for answer, of_text in zip(answers, model.predict(TEXTS, top_k=None, precision="float32"), strict=True):
        assert [row["label"] for row in answer] == [row["label"] for row in of_text]
        assert [row["score"] for row in answer] == pytest.approx([row["score"] for row in of_text], abs=1e-5)
