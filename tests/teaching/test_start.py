import numpy as np
import pytest
import torch

from hf_lstm.data.encoded import LabeledTexts
from hf_lstm.encoding.encoder import Encoder
from hf_lstm.teaching.start import start_from_ngrams


def test_words_start_with_what_they_say_for_a_label(tiny_model):
    pytest.importorskip("sklearn")
    texts = ["wonderful film", "great film", "dull film", "worst film"] * 5
    before = tiny_model.embedding.weight.detach().clone()
    rows = LabeledTexts(Encoder(tiny_model.tokenizer, tiny_model.config).encode(texts), np.array([1, 1, 0, 0] * 5))
    start_from_ngrams(tiny_model, rows)
    table, vocab = tiny_model.embedding.weight.detach(), tiny_model.tokenizer.get_vocab()
    first = {word: float(table[vocab[word], 0]) for word in ("wonderful", "great", "film", "dull", "worst")}
    assert min(first["wonderful"], first["great"]) > 1 > 0.1 > abs(first["film"])
    assert max(first["dull"], first["worst"]) < -1
    torch.testing.assert_close(table[1:, 1:], 0.1 * before[1:, 1:])
    assert not table[0].any()
