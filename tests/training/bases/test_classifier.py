"""The classifier of a model goes along wherever the labels are the same ones, in whatever order and spelling."""

import dataclasses

import pytest
import torch
from random_model import build_model

from hf_lstm.config.model import NO_WEIGHT_DEPENDS_ON
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.sources.label_feature import Labels
from hf_lstm.training.bases.classifier import BaseModel


def fine_tune(base, label_names):
    wrapped = BaseModel("base", False, base, "0" * 64)
    target = LSTMSentiment(wrapped.resolve(Labels(tuple(label_names)), base.config), base.tokenizer)
    facts = wrapped.copy_weights(target)
    return target.eval(), facts.keeps_classifier


@pytest.mark.parametrize("single_logit", [False, True])
@pytest.mark.parametrize(
    ("label_names", "ids"),
    [
        (["pos", "neg"], [1, 0]),
        (["negative", "positive"], [0, 1]),
        (["Positive", "NEG"], [1, 0]),
        (["0", "1"], [0, 1]),
        (["1", "0"], [1, 0]),
    ],
)
def test_rows_of_the_classifier_follow_the_labels(single_logit, label_names, ids):
    base = build_model(single_logit=single_logit)
    torch.nn.init.normal_(base.classifier.weight, std=3)
    tuned, keeps_classifier = fine_tune(base, label_names)
    assert keeps_classifier
    texts = ["a wonderful film", "dull"]
    torch.testing.assert_close(tuned.predict_proba(texts), base.predict_proba(texts)[:, ids])


@pytest.mark.parametrize("label_names", [["neg", "neutral"], ["neg", "pos", "so-so"], ["a", "b"]])
def test_other_labels_get_a_new_classifier(label_names):
    base = build_model()
    tuned, keeps_classifier = fine_tune(base, label_names)
    assert not keeps_classifier
    assert not torch.equal(tuned.classifier.weight[:1], base.classifier.weight[:1])


def test_many_labels_are_permuted():
    base = build_model(["c", "a", "b"])
    tuned, keeps_classifier = fine_tune(base, ["a", "b", "c"])
    assert keeps_classifier
    torch.testing.assert_close(tuned.predict_proba(["dull"]), base.predict_proba(["dull"])[:, [1, 2, 0]])


def test_a_classifier_with_renamed_labels_is_kept_and_the_message_says_so(caplog):
    caplog.set_level("INFO")
    base = build_model(("bug", "wish"))
    assert not fine_tune(base, ["defect", "request"])[1]
    assert "its labels are 'bug', 'wish', and those of the rows 'defect', 'request'" in caplog.text
    assert "rename_labels" in caplog.text
    base.rename_labels({"bug": "defect", "wish": "request"})
    assert fine_tune(base, ["defect", "request"])[1]


def test_no_weight_depends_on_what_a_base_leaves_open():
    base = build_model()
    others = {"embedding_dropout_mask": "dimension", "truncation": "last", "dtype": "float16", "direction_dropout": 0.0}
    values = {name: others.get(name, 0.25 if "dropout" in name else 7) for name in NO_WEIGHT_DEPENDS_ON}
    settings = dataclasses.replace(base.config, **values)
    wrapped = BaseModel("base", False, base, "0" * 64)
    labels = Labels(("neg", "pos"))
    assert wrapped.resolve(labels, settings) == base.config
    given = wrapped.resolve(labels, settings, [f"model.{name}" for name in values])
    assert given == settings
    tuned = LSTMSentiment(given, base.tokenizer)
    assert wrapped.copy_weights(tuned).keeps_classifier
    assert all(torch.equal(tuned.state_dict()[name], weight) for name, weight in base.state_dict().items())
    assert tuned.output_dropout.p == tuned.embedding_dropout.p == 0.25
