"""Times the straightforward packed loop, from texts to labels."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarking.harness.spec import Answers
from benchmarking.harness.timing import time_classification
from benchmarking.tasks import RandomModel, TrainingTask

if TYPE_CHECKING:
    import torch

    from benchmarking.contenders.neural.packed_loop import PackedLSTM, ReviewDataset


_BATCH_SIZE = 64


def classify_with_packing(
    model: RandomModel, texts: list[str], find_words: Callable[[str], list[str]], quantizes: bool = False
) -> Answers:
    """Yield reviews/s of the packed loop.

    The weights are those of this package's contender, and so are the answers; with `quantizes` they are PyTorch's
    dynamic int8.
    """
    import torch
    from torch.utils.data import DataLoader

    from benchmarking.contenders.neural.packed_loop import PackedLSTM, ReviewDataset, pad_reviews

    ours = model.build()
    config, vocab = model.config, ours.require_tokenizer().get_vocab()
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
    if quantizes:
        from torch.ao.quantization import quantize_dynamic

        packed = quantize_dynamic(packed, {torch.nn.LSTM, torch.nn.Linear}, dtype=torch.qint8)  # type: ignore[no-untyped-call]
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
        {
            "batch_size": _BATCH_SIZE,
            "dtype": "int8, dynamic" if quantizes else "float32",
            "largest_probability_difference_to_ours": difference,
        },
    )


@dataclass
class PackedTraining:
    """Holds the straightforward loop's data set, model and optimizer."""

    dataset: "ReviewDataset"
    model: "PackedLSTM"
    optimizer: "torch.optim.Optimizer"
    criterion: "torch.nn.Module"


def start_packed_training(task: TrainingTask, *, flushes_denormals: bool) -> PackedTraining:
    """Build the straightforward loop's data set, model and optimizer.

    Args:
        task: what is trained.
        flushes_denormals: treat the tiniest numbers as zero, which PyTorch does not do unless told to.
    """
    import torch
    from tokenizers import Tokenizer

    from benchmarking.contenders.neural.packed_loop import PackedLSTM, ReviewDataset

    torch.set_flush_denormal(flushes_denormals)
    torch.manual_seed(task.train.seed)
    vocab = Tokenizer.from_str(task.tokenizer_json).get_vocab()
    dataset = ReviewDataset(
        task.reviews.texts, task.reviews.labels, vocab, task.find_words, task.model.max_length_tokens
    )
    model = PackedLSTM(len(vocab), task.model.embedding_dim, task.model.hidden_size)
    optimizer = torch.optim.Adam(model.parameters(), lr=task.train.learning_rate)
    return PackedTraining(dataset, model, optimizer, torch.nn.BCEWithLogitsLoss())
