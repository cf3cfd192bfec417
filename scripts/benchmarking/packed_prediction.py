"""Contender: the straightforward packed loop, from texts to labels."""

from collections.abc import Callable
from typing import Any

from benchmarking.classification import time_classification
from benchmarking.contenders import Answers
from benchmarking.our_prediction import RandomModel

_BATCH_SIZE = 64


def classify_with_packing(model: RandomModel, texts: list[str], find_words: Callable[[str], list[str]]) -> Answers:
    """Yield reviews/s; the weights are those of this package's contender, and so are the answers."""
    import torch
    from torch.utils.data import DataLoader

    from benchmarking.packed_loop import PackedLSTM, ReviewDataset, pad_reviews

    ours = model.build()
    assert ours.tokenizer is not None
    config, vocab = model.config, ours.tokenizer.get_vocab()
    packed = PackedLSTM(
        len(vocab),
        config.embedding_dim,
        config.hidden_size,
        num_logits=config.num_labels,
        bidirectional=config.bidirectional,
        pools=config.pooling == "mean_max",
    )
    packed.load_state_dict(ours.state_dict())
    packed.eval()
    dataset = ReviewDataset(texts, [0] * len(texts), vocab, find_words, config.max_length_tokens)

    def predict_probabilities(rows: Any) -> torch.Tensor:
        probabilities = []
        with torch.no_grad():
            for input_ids, lengths, _ in DataLoader(rows, batch_size=_BATCH_SIZE, collate_fn=pad_reviews):
                probabilities.append(packed(input_ids, lengths).softmax(dim=1))
        return torch.cat(probabilities)

    checked = torch.utils.data.Subset(dataset, range(min(_BATCH_SIZE, len(texts))))
    theirs = predict_probabilities(checked)
    difference = (theirs - ours.predict_proba(texts[:_BATCH_SIZE], precision="float32")).abs().max().item()
    del ours
    yield from time_classification(
        {"reviews_per_s": lambda: predict_probabilities(dataset).argmax(dim=1).tolist()},
        len(texts),
        {"batch_size": _BATCH_SIZE, "dtype": "float32", "largest_probability_difference_to_ours": difference},
    )
