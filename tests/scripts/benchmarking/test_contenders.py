"""Contenders compute the same, and sections measure what they say."""

import itertools

import numpy as np
import pytest

from benchmarking.contenders.language_model import PretrainingTask, take_pretraining_steps
from benchmarking.contenders.neural.distilbert import pick_batches
from benchmarking.contenders.neural.onnx_lstm import classify_with_onnx
from benchmarking.reviews import LabeledReviews, choose_word_finder, split_lowercase
from benchmarking.sections.epoch import build_epoch, share_out
from benchmarking.tasks import RandomModel, TrainingTask, count_useful_gflop
from hf_lstm.config import ModelSettings, TokenizerConfig, TrainConfig
from hf_lstm.config.pretrain import PretrainConfig
from hf_lstm.tokenization.build import train_tokenizer

TEXTS = ["a good film and a long one", "bad", "", "good good bad film", "so bad"]


def test_rounds_share_out_all_batches():
    assert share_out(10, 4) == [3, 3, 2, 2]
    assert share_out(1, 3) == [1, 1, 1]


def test_transformer_batches_are_neighbors_in_length_and_stand_for_all():
    lengths = np.random.default_rng(0).permutation(1000).tolist()
    batches = pick_batches(lengths, 10, 8)
    picked = [[lengths[row] for row in rows] for rows in batches]
    assert all(len(batch) == 8 and max(batch) - min(batch) == 7 for batch in picked)
    assert np.mean(picked) == pytest.approx(np.mean(lengths), rel=0.01)
    assert pick_batches([5, 3], 1, 8) == [[1, 0]]


def test_useful_operations_of_a_token():
    config = ModelSettings(embedding_dim=100, hidden_size=256)
    assert count_useful_gflop(config, 1000) == pytest.approx(0.729088)  # 2 * (100 + 256) * 4 * 256 operations a token
    both = ModelSettings(embedding_dim=100, hidden_size=256, bidirectional=True)
    assert count_useful_gflop(both, 10) == pytest.approx(20 * count_useful_gflop(config, 1))


@pytest.mark.parametrize("options", [{}, {"bidirectional": True}, {"bidirectional": True, "pooling": "mean_max"}])
def test_packed_loop_computes_what_this_package_does(options):
    import torch

    from benchmarking.contenders.neural.packed_loop import PackedLSTM, ReviewDataset, pad_reviews
    from hf_lstm.model.classifier import LSTMSentiment

    torch.manual_seed(0)
    tokenizer = train_tokenizer(TEXTS, TokenizerConfig(words="whitespace"))
    config = ModelSettings(embedding_dim=3, hidden_size=5, max_length_tokens=6, **options)
    ours = LSTMSentiment(config.resolve(vocab_size=tokenizer.get_vocab_size(), label_names="np"), tokenizer).eval()
    vocab = tokenizer.get_vocab()
    packed = PackedLSTM(
        len(vocab), 3, 5, num_logits=2, bidirectional=config.bidirectional, pools=config.pooling == "mean_max"
    )
    packed.load_state_dict(ours.state_dict())
    dataset = ReviewDataset(TEXTS, [0] * len(TEXTS), vocab, split_lowercase, config.max_length_tokens)
    input_ids, lengths, _ = pad_reviews([dataset[row] for row in range(len(dataset))])
    assert lengths.tolist() == [6, 1, 1, 4, 2]
    expected = ours.predict_proba(TEXTS, precision="float32")
    torch.testing.assert_close(packed(input_ids, lengths).softmax(dim=1), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("quantizes", [False, True])
def test_onnx_runtime_gives_the_labels_of_the_same_network(quantizes):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    tokenizer = train_tokenizer(TEXTS, TokenizerConfig())
    config = ModelSettings(embedding_dim=3, hidden_size=5, bidirectional=True, pooling="mean_max")
    settings = config.resolve(vocab_size=tokenizer.get_vocab_size(), label_names=["neg", "pos"])
    answers = classify_with_onnx(RandomModel(config=settings, tokenizer_json=tokenizer.to_str()), TEXTS, quantizes)
    facts = next(answers)
    assert facts["share_of_our_labels"] >= (0.5 if quantizes else 1)
    assert next(answers)["reviews_per_s"] > 0


@pytest.mark.parametrize("words", ["whitespace", "word_characters"])
def test_plain_words_are_those_of_the_tokenizer(words):
    config = TokenizerConfig(words=words)
    text = "It's GOOD; a so-so film...\tnot <br />bad"
    tokenizer = train_tokenizer([text], config)
    id_to_word = {index: word for word, index in tokenizer.get_vocab().items()}
    assert choose_word_finder(config)(text) == [id_to_word[index] for index in tokenizer.encode(text).ids]


def test_epoch_section_measures_both_loops_on_all_rows():
    import torch

    tokenizer_config = TokenizerConfig(words="whitespace")
    tokenizer = train_tokenizer(TEXTS, tokenizer_config)
    config = ModelSettings(embedding_dim=3, hidden_size=5, max_length_tokens=6, single_logit=True)
    task = TrainingTask(
        reviews=LabeledReviews(texts=TEXTS, labels=[1, 0, 0, 1, 0]),
        tokenizer_json=tokenizer.to_str(),
        find_words=choose_word_finder(tokenizer_config),
        model=config.resolve(vocab_size=tokenizer.get_vocab_size(), label_names=["neg", "pos"]),
        train=TrainConfig(batch_size=2),
    )
    section = build_epoch(task, repeats=2, our_share=1.0, packed_batches=None)
    ours, packed = (
        next(each for each in section.contenders if each.name == name) for name in ("ours, fp32", "packed loop")
    )
    try:
        (facts, *rounds), (_, *packed_rounds) = (list(each.start(**each.arguments)) for each in (ours, packed))
    finally:
        torch.set_flush_denormal(False)  # contenders set it for a process of their own
    for measured in (rounds, packed_rounds):
        assert [each["measured_batches"] for each in measured] == [2, 1]
        assert all(each["epoch_s"] > 0 for each in measured)
    assert facts["padding_share"] == pytest.approx(1 - 14 / 16)  # lengths 1 and 1, 2 and 4, 6


def test_words_of_whole_pretraining_steps_are_counted(monkeypatch):
    import torch

    import hf_lstm.nn.cpu.plan

    monkeypatch.setattr("hf_lstm.nn.cpu.plan.WIDE_DTYPES", frozenset({torch.float32}))
    tokenizer = train_tokenizer(TEXTS, TokenizerConfig(words="whitespace"))
    config = ModelSettings(embedding_dim=3, hidden_size=5, bidirectional=True, max_length_tokens=6)
    task = PretrainingTask(
        texts=["a bad film indeed"] * 3,
        tokenizer_json=tokenizer.to_str(),
        model=config.resolve(vocab_size=tokenizer.get_vocab_size(), label_names=["neg", "pos"]),
        pretrain=PretrainConfig(batch_size=3),
    )
    try:
        for goes_by_kernel in (False, True):
            facts, measured = itertools.islice(take_pretraining_steps(task, "float32", goes_by_kernel), 2)
            assert facts["dtype"] == "float32"
            assert measured["tokens_per_s"] * measured["step_s"] == pytest.approx(3 * 4)
            expected_gflop = 3 * count_useful_gflop(task.model, 3 * 4)
            assert measured["useful_gflop_per_s"] * measured["step_s"] == pytest.approx(expected_gflop)
            assert bool(hf_lstm.nn.cpu.plan.WIDE_DTYPES) != goes_by_kernel
    finally:
        torch.set_flush_denormal(False)  # contenders set it for a process of their own
