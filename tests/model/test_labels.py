import torch

from hf_lstm.model.labels import name_labels, rank_labels


def test_of_equal_probabilities_the_first_label_is_named(tiny_model):
    probabilities = torch.tensor([[0.5, 0.5], [0.25, 0.75]])
    named = name_labels(probabilities, tiny_model.config)
    assert named == [{"label": "neg", "score": 0.5}, {"label": "pos", "score": 0.75}]
    assert [[answer] for answer in named] == rank_labels(probabilities, tiny_model.labels, top_k=1)
