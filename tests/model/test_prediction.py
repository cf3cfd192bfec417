import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hf_lstm.errors import InputError
from hf_lstm.model.prediction import stream_probabilities
from hf_lstm.runtime import memory

words = st.sampled_from("a great dull film worst fun waste time unknown <br/> 映画 \U0001f600 é".split())
any_text = st.one_of(st.text(max_size=80), st.lists(words, max_size=60).map(" ".join))
with_model = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)


def test_one_text_gives_one_answer_shaped_like_a_pipeline(tiny_model):
    answer = tiny_model.predict("a wonderful film")
    assert set(answer) == {"label", "score"}
    assert answer["label"] in ("neg", "pos")
    assert 0.5 <= answer["score"] <= 1
    assert tiny_model.predict(["a wonderful film"]) == [answer]
    assert tiny_model.predict([]) == []
    assert tiny_model.predict_proba([]).shape == (0, 2)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@given(texts=st.lists(any_text, min_size=1, max_size=20), data=st.data())
@with_model
def test_neither_batch_nor_order_changes_a_result(tiny_model, precision, texts, data):
    together = tiny_model.predict_proba(texts, precision=precision)
    assert together.dtype == torch.float32
    assert torch.isfinite(together).all()
    assert together.sum(dim=1).sub(1).abs().max() <= 1e-6
    alone = torch.cat([tiny_model.predict_proba(text, precision=precision) for text in texts])
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-6)
    order = data.draw(st.permutations(range(len(texts))))
    batch_size = data.draw(st.integers(1, 7))
    shuffled = tiny_model.predict_proba([texts[i] for i in order], precision=precision, batch_size=batch_size)
    torch.testing.assert_close(shuffled, together[list(order)], rtol=0, atol=1e-6)


@pytest.mark.parametrize("text", ["", "  \n\t ", "映画 дуже", "\ud800", "\x00", "<br />" * 3, "x" * 1_000_000])
def test_texts_without_a_known_word_get_a_finite_answer(tiny_model, text):
    assert torch.isfinite(tiny_model.predict_proba(text)).all()


def test_the_temperature_changes_probabilities_but_neither_labels_nor_logits(tiny_model):
    texts = ["a wonderful film", "dull", ""]
    before = tiny_model.predict_proba(texts, precision="float32")
    labels = [answer["label"] for answer in tiny_model.predict(texts)]
    logits = tiny_model(torch.tensor([[2, 3]]), torch.tensor([2]))
    tiny_model.config = dataclasses.replace(tiny_model.config, temperature=2.5)
    after = tiny_model.predict_proba(texts, precision="float32")
    torch.testing.assert_close(after, (before.log() / 2.5).softmax(dim=1))
    assert [answer["label"] for answer in tiny_model.predict(texts)] == labels
    assert tiny_model(torch.tensor([[2, 3]]), torch.tensor([2])).equal(logits)


def test_empty_text_is_scored_as_one_unknown_token(tiny_model):
    unknown = torch.tensor([[tiny_model.config.unk_token_id]])
    expected = tiny_model(unknown, torch.tensor([1])).softmax(dim=1)
    torch.testing.assert_close(tiny_model.predict_proba("", precision="float32"), expected)


@pytest.mark.parametrize("bad", [None, float("nan"), np.float64("nan"), 3, b"bytes", ["a", "b"], ("a", "b")])
def test_a_row_that_is_no_string_is_named(tiny_model, bad):
    with pytest.raises(InputError, match=r"row 1 is .*expected a string"):
        tiny_model.predict(["fine", bad])


@pytest.mark.parametrize("bad", [None, 3, b"bytes", {"text": "a"}])
def test_what_is_no_text_at_all_is_refused(tiny_model, bad):
    with pytest.raises(InputError, match="expected a string or an iterable"):
        tiny_model.predict(bad)


def test_bad_arguments_are_refused(tiny_model):
    with pytest.raises(InputError, match="batch_size"):
        tiny_model.predict(["a"], batch_size=0)
    with pytest.raises(InputError, match="precision"):
        tiny_model.predict(["a"], precision="int8")
    with pytest.raises(TypeError):
        tiny_model.predict(["a"], batchsize=3)


def test_text_beyond_the_character_limit_does_not_count(tiny_model):
    limit = tiny_model.config.max_length_characters
    cut = tiny_model.predict_proba(" " * (limit - 5) + "great")
    assert torch.equal(cut, tiny_model.predict_proba(" " * (limit - 5) + "great dull waste"))


def test_not_finite_logits_are_an_error_not_a_label(tiny_model):
    with torch.no_grad():
        tiny_model.classifier.bias[0] = torch.nan
    with pytest.raises(RuntimeError, match="not finite"):
        tiny_model.predict("a film")


def test_endless_input_is_read_a_window_at_a_time(tiny_model):
    num_read = 0

    def texts():
        nonlocal num_read
        while True:
            num_read += 1
            yield "a film"

    first = next(stream_probabilities(tiny_model, tiny_model.encoder, texts()))
    assert len(first) == num_read == memory.WINDOW_TEXTS


def test_predicting_leaves_training_mode_and_weights_as_they_were(tiny_model):
    tiny_model.train()
    before = {name: tensor.clone() for name, tensor in tiny_model.state_dict().items()}
    tiny_model.predict(["a film"])
    assert tiny_model.training
    assert all(torch.equal(before[name], tensor) for name, tensor in tiny_model.state_dict().items())


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, "4", True])
def test_a_batch_size_that_is_no_number_of_rows_is_refused(tiny_model, batch_size):
    with pytest.raises(InputError, match=r"batch_size is .* whole number of at least 1"):
        tiny_model.predict(["a"], batch_size=batch_size)
    assert len(tiny_model.predict(["a", "b"], batch_size=np.int64(1))) == 2


@pytest.mark.parametrize("texts", [b"a film", bytearray(b"a film"), np.array("a film"), {"text": "a film"}, 3])
def test_what_is_neither_a_text_nor_several_is_refused(tiny_model, texts):
    with pytest.raises(InputError, match="expected a string or an iterable of strings"):
        tiny_model.predict(texts)
