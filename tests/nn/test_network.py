import dataclasses

import pytest
import torch
from random_model import POOLINGS
from torch import Tensor, nn

from hf_lstm.config import ModelConfig, ModelSettings
from hf_lstm.nn.initialization import SkipInitialization
from hf_lstm.nn.network import LSTMNetwork


def make_model(**changes) -> LSTMNetwork:
    torch.manual_seed(0)
    config = dataclasses.replace(ModelSettings(embedding_dim=6, hidden_size=8), **changes)
    return LSTMNetwork(config.resolve(vocab_size=30, label_names=["neg", "pos"])).eval()


def count_parameters(config: ModelConfig, vocab_size: int) -> int:
    with torch.device("meta"), SkipInitialization():
        return LSTMNetwork(config.resolve(vocab_size=vocab_size, label_names=["neg", "pos"])).num_parameters


def test_a_single_bias_gives_the_size_that_keras_counts():
    config = ModelSettings(embedding_dim=100, hidden_size=64, bidirectional=True, single_logit=True, single_bias=True)
    assert count_parameters(config, 5_000) == 584_609  # 5,000 x 100 + 2 x 4 x 64 x (100 + 64 + 1) + 128 + 1


@pytest.mark.parametrize("initialization", ["torch", "xavier_orthogonal", "open_forget_gate", "keras"])
def test_a_fixed_bias_stays_zero_however_weights_are_drawn(initialization):
    model = make_model(initialization=initialization, single_bias=True, bidirectional=True)
    for suffix in ("l0", "l0_reverse"):
        assert not getattr(model.lstm, f"bias_hh_{suffix}").any()
        if initialization == "open_forget_gate":
            assert getattr(model.lstm, f"bias_ih_{suffix}")[8:16].tolist() == [1.0] * 8


@pytest.mark.parametrize("head_norm", [False, True])
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_padding_never_changes_logits(pooling, bidirectional, head_norm):
    model = make_model(pooling=pooling, head_norm=head_norm, bidirectional=bidirectional, num_layers=2)
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


@pytest.mark.parametrize("pooling", ["last", "mean_max", "last_mean_max", "attention"])
def test_bfloat16_gives_a_row_the_same_bits_alone_and_in_a_batch(pooling):
    """At 256 units: the fused kernel's path for one row alone rounds otherwise on processors with AMX."""
    model = make_model(embedding_dim=100, hidden_size=256, bidirectional=True, pooling=pooling)
    lengths = torch.tensor([60, 1, 35, 35, 2, 17, 48])
    input_ids = torch.randint(0, 30, (len(lengths), 60))
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        together = model(input_ids, lengths)
        alone = torch.cat([model(input_ids[[row]], lengths[[row]]) for row in range(len(lengths))])
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-6)


def test_head_norm_makes_the_scale_of_the_states_irrelevant():
    model = make_model(head_norm=True)
    seen = []
    model.classifier.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    model(torch.randint(0, 30, (4, 6)), torch.tensor([6, 2, 5, 1]))
    torch.testing.assert_close(seen[0].mean(dim=1), torch.zeros(4), rtol=0, atol=1e-6)
    torch.testing.assert_close(seen[0].var(dim=1, correction=0), torch.ones(4), rtol=0, atol=0.05)


@pytest.mark.parametrize(
    ("changes", "rates"),
    [
        ({}, (0.25, 0.25)),
        ({"embedding_dropout": 0.5}, (0.5, 0.25)),
        ({"embedding_dropout": 0.0, "output_dropout": 0.125}, (0.0, 0.125)),
    ],
)
def test_dropout_holds_where_nothing_else_is_said(changes, rates):
    model = make_model(dropout=0.25, num_layers=2, **changes)
    assert (model.embedding_dropout.p, model.output_dropout.p, model.lstm.dropout) == (*rates, 0.25)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_dropped_direction_is_all_that_a_pooling_has_of_it(pooling):
    model = make_model(bidirectional=True, pooling=pooling, num_layers=2)
    model.direction_dropout.p = 1.0
    input_ids, lengths = torch.randint(3, 30, (40, 9)), torch.randint(1, 10, (40,))
    whole = model.eval().compute_features(input_ids, lengths)
    dropped = model.train().compute_features(input_ids, lengths)
    by_direction = (dropped / whole).view(40, -1, 2, 8)
    assert {*by_direction.flatten().tolist()} == {0.0, 2.0}
    assert torch.equal(by_direction, by_direction[:, :1, :, :1].expand_as(by_direction))
    with torch.no_grad():
        for name, weight in model.lstm.named_parameters():
            weight += "l1_reverse" in name
    changed = (model.eval().compute_features(input_ids, lengths) != whole).view(40, -1, 2, 8).any(dim=0)
    if pooling != "attention":  # whose shares are of both
        assert not changed[:, 0].any()
    assert changed[:, 1].all()


def test_dropped_words_are_unknown_ones_and_only_in_training():
    model = make_model(word_dropout=0.25, embedding_dim=3)
    seen = []
    model.embedding.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    input_ids = torch.randint(2, 30, (50, 40))
    lengths = torch.full((50,), 40)
    model.train()(input_ids, lengths)
    model(input_ids, lengths)
    model.eval()(input_ids, lengths)
    first, second, evaluated = seen
    is_dropped = first != input_ids
    assert (first[is_dropped] == model.config.unk_token_id).all()
    assert is_dropped.float().mean() == pytest.approx(0.25, abs=0.04)  # 4 standard deviations of 2,000 draws
    assert not torch.equal(first, second)
    assert torch.equal(evaluated, input_ids)


@pytest.mark.parametrize("changes", [{"pooling": "attention"}, {"head_norm": True}, {"single_bias": True}, {}])
@pytest.mark.parametrize("initialization", ["torch", "xavier_orthogonal", "open_forget_gate", "keras"])
def test_a_model_without_drawn_weights_has_the_same_tensors(changes, initialization):
    drawn = make_model(initialization=initialization, **changes)
    with torch.device("meta"), SkipInitialization():
        undrawn = LSTMNetwork(drawn.config)
    assert all(tensor.is_meta for tensor in undrawn.state_dict().values())
    shapes = [{name: tensor.shape for name, tensor in model.state_dict().items()} for model in (undrawn, drawn)]
    assert shapes[0] == shapes[1]
    undrawn.load_state_dict(drawn.state_dict(), assign=True)
    input_ids, lengths = torch.randint(0, 30, (4, 6)), torch.tensor([6, 2, 5, 1])
    assert torch.equal(undrawn.eval()(input_ids, lengths), drawn(input_ids, lengths))


def test_undrawn_weights_are_not_drawn():
    with SkipInitialization():
        torch.manual_seed(0)
        before = torch.get_rng_state()
        nn.LSTM(3, 4), nn.Linear(3, 4), nn.Embedding(3, 4)
        assert torch.equal(torch.get_rng_state(), before)
    nn.Linear(3, 4)
    assert not torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_inference_takes_a_shorter_way_to_the_same_logits(pooling, bidirectional):
    model = make_model(pooling=pooling, bidirectional=bidirectional, num_layers=2)
    lengths = torch.randint(1, 30, (40,))
    input_ids = torch.randint(2, 30, (40, 30))
    with torch.no_grad():
        shorter = model(input_ids, lengths)
    torch.testing.assert_close(shorter, model(input_ids, lengths).detach(), rtol=0, atol=1e-6)


def read_slowly(model: LSTMNetwork, ids: list[int]) -> Tensor:
    """Compute the features of one row plainly: vectors reshaped, and `nn.LSTM`."""
    num_words = model.config.words_per_step
    ids = ids + [model.config.pad_token_id] * (-len(ids) % num_words)
    reference = nn.LSTM(num_words * 6, 8, model.config.num_layers, bidirectional=model.config.bidirectional).double()
    weights = dict(model.lstm.named_parameters())
    steps = model.embedding.weight[torch.tensor(ids)].reshape(-1, num_words * 6)
    outputs, _ = torch.func.functional_call(reference, weights, (steps,))
    return torch.cat([outputs.mean(dim=0), outputs.amax(dim=0)])


@pytest.mark.parametrize("words_per_step", [1, 2, 3])
@pytest.mark.parametrize(("bidirectional", "num_layers"), [(False, 1), (True, 2)])
def test_steps_of_several_words_are_those_of_a_plain_lstm(words_per_step, bidirectional, num_layers):
    model = make_model(
        words_per_step=words_per_step, bidirectional=bidirectional, num_layers=num_layers, pooling="mean_max"
    ).double()
    with torch.no_grad():
        model.embedding.weight[0] = torch.randn(6)  # whatever the vector of padding is
    lengths = torch.tensor([7, 1, 2, 5, 6, 3])
    input_ids = torch.randint(2, 30, (6, 8))
    features = model.compute_features(input_ids, lengths).double()
    rows = [read_slowly(model, ids[:length]) for ids, length in zip(input_ids.tolist(), lengths.tolist(), strict=True)]
    expected, parameters = torch.stack(rows), [*model.embedding.parameters(), *model.lstm.parameters()]
    torch.testing.assert_close(features, expected, rtol=1e-6, atol=1e-6)
    weights = torch.randn_like(expected)
    found = torch.autograd.grad(model.compute_features(input_ids, lengths), parameters, weights.float())
    grads = torch.autograd.grad(expected, parameters, weights)
    grads[0][0] = 0.0  # the vector of padding is never trained
    for one, other in zip(found, grads, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)
    with torch.no_grad():
        torch.testing.assert_close(model.compute_features(input_ids, lengths), features.float(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("pooling", ["mean_max", "attention"])
def test_steps_of_several_words_read_nothing_of_other_rows(pooling, dtype):
    model = make_model(words_per_step=2, bidirectional=True, pooling=pooling)
    lengths, input_ids = torch.tensor([7, 1, 2, 5, 6, 3]), torch.randint(2, 30, (6, 7))
    with torch.no_grad(), torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
        together = model(input_ids, lengths)
        for row, length in enumerate(lengths):
            alone = model(input_ids[[row], :length], lengths[[row]])[0]
            torch.testing.assert_close(alone, together[row], rtol=0, atol=1e-6 if dtype == torch.float32 else 1e-2)
            input_ids[row, length:] = 10**6
        assert torch.equal(model(input_ids, lengths), together)


def test_padding_that_is_read_starts_as_zero():
    assert not make_model(words_per_step=2, initialization="keras").embedding.weight[0].any()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("precision", ["auto", "float32", "bfloat16"])
def test_weights_of_any_float_dtype_give_the_answers_of_float32(tiny_model, dtype, precision):
    texts = ["a wonderful film", "a dull film and a waste of time"]
    expected = tiny_model.predict_proba(texts, precision="float32")
    tiny_model.to(dtype)
    torch.testing.assert_close(tiny_model.predict_proba(texts, precision=precision), expected, atol=2e-2, rtol=0)
    input_ids, lengths = torch.tensor([[2, 3, 4], [5, 6, 0]]), torch.tensor([3, 2])
    assert tiny_model(input_ids, lengths).dtype == torch.float32


@pytest.mark.parametrize("pooling", ["last", "attention"])
def test_ids_at_the_padding_may_be_anything(pooling):
    model = make_model(pooling=pooling)
    lengths = torch.tensor([3, 5])
    clean = torch.tensor([[2, 3, 4, 0, 0], [5, 6, 7, 8, 9]])
    dirty = torch.tensor([[2, 3, 4, -100, 10**6], [5, 6, 7, 8, 9]])
    with torch.no_grad():
        assert torch.equal(model(dirty, lengths), model(clean, lengths))
    assert torch.equal(model(dirty, lengths), model(clean, lengths))


def test_a_view_with_cast_words_answers_as_autocast_does_and_changes_nothing():
    model = make_model(bidirectional=True, pooling="mean_max").train()
    lengths, input_ids = torch.tensor([7, 1, 2, 5, 6, 3]), torch.randint(2, 30, (6, 7))
    view = model.view_in_evaluation_mode(word_dtype=torch.bfloat16)
    assert (view.training, view.dtype) == (False, torch.bfloat16)
    assert (model.training, model.dtype) == (True, torch.float32)
    assert view.lstm.weight_ih_l0 is model.lstm.weight_ih_l0
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(view(input_ids, lengths), model.eval()(input_ids, lengths))


def test_an_embedding_that_was_replaced_is_not_cast():
    class Adapter(nn.Embedding):
        def forward(self, input: Tensor) -> Tensor:
            return super().forward(input) + 1

    model = make_model()
    model.embedding = Adapter(30, 6)
    view = model.eval().view_in_evaluation_mode(word_dtype=torch.bfloat16)
    assert view.embedding.weight is model.embedding.weight


def test_a_view_stays_in_evaluation_mode_whatever_mode_others_set_meanwhile():
    model = make_model(dropout=0.9).eval()
    lengths, input_ids = torch.tensor([7, 3]), torch.randint(2, 30, (2, 7))
    view = model.view_in_evaluation_mode()
    with torch.no_grad():
        expected = model(input_ids, lengths)
        model.train()
        assert torch.equal(view(input_ids, lengths), expected)
    assert model.training
    assert not any(module.training for module in view.modules())
