"""Explanations: contributions that add up exactly, for every network, and spans that are the words of the text."""

import dataclasses
import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from random_model import POOLINGS

from hf_lstm.config import ModelSettings, TokenizerConfig
from hf_lstm.errors import InputError
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.model.explaining import explanation
from hf_lstm.model.explaining.decomposition import compute_input_multipliers, trace_lstm
from hf_lstm.nn.ragged_lstm import RaggedLSTM
from hf_lstm.tokenization.build import train_tokenizer

TEXTS = ["a wonderful film with a great cast", "a dull film and a waste of time", "naïve ΟΔΟΣ café istanbul"]
TEXT = "A WONDERFUL film, with a dull café — and İstanbul, ΟΔΟΣ 🎬 unheard-of!"
TOKENIZER = train_tokenizer(TEXTS, TokenizerConfig())


def build_model(tokenizer=TOKENIZER, num_labels=2, seed=0, **settings_):
    torch.manual_seed(seed)
    config = ModelSettings(embedding_dim=5, hidden_size=6, **settings_)
    names = [f"label{index}" for index in range(num_labels)]
    model = LSTMSentiment(config.resolve(vocab_size=tokenizer.get_vocab_size(), label_names=names), tokenizer)
    with torch.no_grad():  # initial weights are so small that all is nearly linear
        for name, parameter in model.named_parameters():
            if not name.startswith("head_norm"):
                parameter.copy_(torch.randn_like(parameter))
    return model.eval()


def compute_logits(model, text):
    ids = [token.id for token in model.encoder.locate(text)]
    with torch.no_grad():
        return model(torch.tensor([ids]), torch.tensor([len(ids)]))[0]


def add_up(explained):
    return sum(row["contribution"] for row in explained)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("num_layers", [1, 2, 5])
def test_contributions_add_up_to_the_difference_of_the_logits(num_layers, bidirectional, pooling):
    for head_norm, single_logit in itertools.product([False, True], repeat=2):
        model = build_model(
            num_layers=num_layers,
            bidirectional=bidirectional,
            pooling=pooling,
            head_norm=head_norm,
            single_logit=single_logit,
        )
        negative, positive = compute_logits(model, TEXT).tolist()
        assert add_up(model.explain(TEXT)) == pytest.approx(positive - negative, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("text", [TEXT, TEXT.rpartition(" ")[0], "film"])
@pytest.mark.parametrize("words_per_step", [2, 3])
def test_each_word_of_a_step_has_its_own_contribution(words_per_step, text):
    model = build_model(words_per_step=words_per_step, bidirectional=True, pooling="mean_max", num_layers=2)
    explained = model.explain(text)
    assert [row["word"] for row in explained] == [text[token.start : token.end] for token in model.encoder.locate(text)]
    negative, positive = compute_logits(model, text).tolist()
    assert add_up(explained) == pytest.approx(positive - negative, rel=1e-5, abs=1e-5)
    unknown = [row["contribution"] for row in model.explain("foo film bar bar dull foo")]
    assert unknown[0] == unknown[2] == unknown[3] == unknown[5] != unknown[1]


@given(
    num_layers=st.integers(1, 5),
    bidirectional=st.booleans(),
    time=st.integers(1, 12),
    hidden_size=st.integers(1, 9),
    single_bias=st.booleans(),
    scale=st.sampled_from([1e-6, 0.3, 3.0]),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_the_decomposition_of_an_lstm_is_exact(num_layers, bidirectional, time, hidden_size, single_bias, scale, seed):
    torch.manual_seed(seed)
    lstm = RaggedLSTM(4, hidden_size, num_layers, bidirectional=bidirectional, single_bias=single_bias).double()
    inputs = torch.randn(1, time, 4, dtype=torch.float64) + scale * torch.randn(2, time, 4, dtype=torch.float64)
    with torch.no_grad():
        outputs, _ = lstm(inputs, torch.tensor([time, time]))
        traces = trace_lstm(lstm, inputs)
        torch.testing.assert_close(traces[-1].outputs, outputs, atol=1e-12, rtol=0)
        output_multipliers = torch.randn_like(outputs[0])
        multipliers = compute_input_multipliers(traces, output_multipliers)
    total = (output_multipliers * (outputs[0] - outputs[1])).sum()
    parts = (multipliers * (inputs[0] - inputs[1])).sum()
    torch.testing.assert_close(parts, total, atol=1e-12, rtol=1e-7)


def test_multipliers_of_equal_inputs_are_the_gradient():
    torch.manual_seed(0)
    lstm = RaggedLSTM(4, 6, 3, bidirectional=True).double()
    inputs = torch.randn(1, 7, 4, dtype=torch.float64, requires_grad=True)
    outputs, _ = lstm(inputs, torch.tensor([7]))
    output_multipliers = torch.randn_like(outputs)
    (gradient,) = torch.autograd.grad((outputs * output_multipliers).sum(), inputs)
    with torch.no_grad():
        multipliers = compute_input_multipliers(trace_lstm(lstm, inputs.expand(2, -1, -1)), output_multipliers[0])
    torch.testing.assert_close(multipliers, gradient[0])


@pytest.mark.parametrize("pooling", ["last", "mean"])
def test_what_is_spread_is_the_answer_to_the_reference(pooling):
    model = build_model(pooling=pooling, bidirectional=True, num_layers=2)
    explained = model.explain("a film foo bar")  # the last two are what the reference has there
    reference = compute_logits(model, "x x x x")
    share = float(reference[1] - reference[0]) / 4
    assert [row["contribution"] for row in explained[2:]] == pytest.approx([share, share], rel=1e-4)


def test_unknown_words_alone_share_the_answer():
    explained = build_model(pooling="mean_max").explain("foo bar baz")
    first, second, third = (row["contribution"] for row in explained)
    assert first == second == third


def test_more_labels_explain_the_predicted_one_or_the_one_asked_for():
    model = build_model(num_labels=4, pooling="mean_max")
    logits = compute_logits(model, TEXT)
    margins = [float(logits[index] - (logits.sum() - logits[index]) / 3) for index in range(4)]
    for index in range(4):
        assert add_up(model.explain(TEXT, label=index)) == pytest.approx(margins[index], rel=1e-4)
        assert model.explain(TEXT, label=f"label{index}") == model.explain(TEXT, label=index)
    assert model.explain(TEXT) == model.explain(TEXT, label=int(logits.argmax()))


def test_the_two_labels_have_opposite_contributions():
    model = build_model(bidirectional=True)
    against = [-row["contribution"] for row in model.explain(TEXT, label=0)]
    assert [row["contribution"] for row in model.explain(TEXT, label="label1")] == pytest.approx(against)
    assert model.explain(TEXT, label=1) == model.explain(TEXT)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("word_characters", "A WONDERFUL film with a dull café and İ stanbul ΟΔΟΣ unheard of"),
        ("whitespace", "A WONDERFUL film, with a dull café — and İstanbul, ΟΔΟΣ 🎬 unheard-of!"),
    ],
)
def test_words_are_those_of_the_text(words, expected):
    model = build_model(train_tokenizer(TEXTS, TokenizerConfig(words=words)))
    assert [row["word"] for row in model.explain(TEXT)] == expected.split()


TRICKY = st.sampled_from(
    ["İ", "ΟΔΟΣ", "e\u0301", "ǅ", "ß", "ﬁ", "\ud800", "🎬", "👩‍👩‍👧", "\x1c", "½", "\u0345", "Σ", "'", " ", "film"]
)

SHORT_MODELS = [
    build_model(train_tokenizer(TEXTS, TokenizerConfig(words=words)), max_length_tokens=6)
    for words in ("word_characters", "whitespace")
]


@given(text=st.lists(TRICKY | st.text(max_size=4), max_size=12).map("".join))
@settings(max_examples=150, deadline=None)
def test_spans_are_in_order_and_hold_the_words(text):
    for model in SHORT_MODELS:
        explained = model.explain(text)
        end = 0
        for row in explained:
            assert end <= row["start"] < row["end"] <= len(text)
            assert text[row["start"] : row["end"]] == row["word"]
            end = row["end"]
        tokens = model.encode([text])[0].tolist()
        assert len(explained) == len(tokens) or (not explained and tokens == [model.config.unk_token_id])


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (TokenizerConfig(words="letters"), "Don t watch br A WONDERFUL film café"),
        (TokenizerConfig(words="unpunctuated"), "Don't watch<br A WONDERFUL film café 2"),
        (TokenizerConfig(words="unpunctuated", unknown_words="drop"), "A WONDERFUL film café"),
        (TokenizerConfig(stop_words="drop"), "watch br WONDERFUL film café 2"),
        (TokenizerConfig(words="punctuated", stop_words="drop_plain"), "Don't watch WONDERFUL film ! café 2"),
        (TokenizerConfig(words="wordpiece", max_words=70), "Don t watch A WONDERFUL film ! caf"),
    ],
)
def test_every_tokenizer_has_its_words(config, expected):
    model = build_model(train_tokenizer(TEXTS, config), pooling="mean_max")
    text = "Don't watch<br />A WONDERFUL film! café 2"
    explained = model.explain(text)
    assert " ".join(row["word"] for row in explained) == expected
    assert all(text[row["start"] : row["end"]] == row["word"] for row in explained)
    negative, positive = compute_logits(model, text).tolist()
    assert add_up(explained) == pytest.approx(positive - negative, rel=1e-5)


def test_words_that_are_not_read_are_left_out():
    model = build_model(max_length_tokens=3, max_length_characters=20)
    assert [row["word"] for row in model.explain("a dull film and a waste")] == ["a", "dull", "film"]
    assert [row["word"] for row in model.explain("x" * 30)] == ["x" * 20]
    assert model.explain("  \n—") == model.explain("") == []


@pytest.mark.parametrize(("truncation", "expected"), [("last", "and a waste"), ("head_tail", "a dull waste")])
def test_words_that_are_read_are_those_of_the_truncation(truncation, expected):
    model = build_model(max_length_tokens=3, truncation=truncation)
    assert [row["word"] for row in model.explain("a dull film and a waste")] == expected.split()


def test_it_takes_one_core_however_many_there_are(monkeypatch):
    """Its products are small: cores that share them wait for each other, seconds on a busy machine."""
    before, counts = torch.get_num_threads(), []

    def count(*arguments):
        counts.append(torch.get_num_threads())
        return decompose(*arguments)

    decompose = explanation._decompose
    monkeypatch.setattr(explanation, "_decompose", count)
    try:
        torch.set_num_threads(3)
        assert build_model().explain("good bad film")
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert counts == [1]


def test_modes_change_nothing_and_are_left_as_they_are():
    model = build_model(dropout=0.5, bidirectional=True)
    explained = model.explain(TEXT)
    model.train()
    with torch.inference_mode():
        assert model.explain(TEXT) == explained
    assert model.training


def test_damaged_weights_are_no_explanation():
    model = build_model()
    torch.nn.init.constant_(model.classifier.bias, torch.nan)
    with pytest.raises(RuntimeError, match="not finite"):
        model.explain(TEXT)


@pytest.mark.parametrize("text", [None, 3, b"film", ["a film"], float("nan")])
def test_what_is_no_text_is_refused(text):
    with pytest.raises(InputError, match="expected a string"):
        build_model().explain(text)


@pytest.mark.parametrize("label", ["positive", 2, -1, True, 1.0])
def test_a_label_that_is_not_there_is_refused(label):
    with pytest.raises(InputError, match="no such label; there are 'label0', 'label1'"):
        build_model().explain("a film", label=label)


def test_a_model_without_a_tokenizer_says_so():
    model = LSTMSentiment(dataclasses.replace(build_model().config))
    with pytest.raises(InputError, match="no tokenizer"):
        model.explain("a film")
