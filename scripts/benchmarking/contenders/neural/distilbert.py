"""Times DistilBERT for sequence classification.

Its weights are random: they are as fast as trained ones.

Reference: Sanh et al. 2019, https://arxiv.org/abs/1910.01108
"""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarking.harness.spec import Answers
from benchmarking.harness.timing import time_classification

MAX_LENGTH_TOKENS = 512
VOCAB_SIZE = 30_522
BATCH_SIZES = (1, 4, 16)
"""Tried on the machine itself; the fastest is used."""
REQUIRES = ("transformers",)


@dataclass(frozen=True)
class WordPiece:
    """Holds a WordPiece tokenizer."""

    tokenizer_json: str
    source: str
    """Where its vocabulary is from."""


class DistilBERT:
    """Classifies texts with DistilBERT, as fast as a CPU allows.

    Texts are padded to each batch's longest, no more.

    Args:
        wordpiece: the tokenizer.
        precision: `float32` or `bfloat16`, which all weights are converted to.
    """

    def __init__(self, wordpiece: WordPiece, precision: str) -> None:
        import torch
        from tokenizers import Tokenizer
        from transformers import DistilBertConfig, DistilBertForSequenceClassification

        torch.manual_seed(0)
        model = DistilBertForSequenceClassification(DistilBertConfig())
        self.model = model.eval().to(getattr(torch, precision))
        self.tokenizer = Tokenizer.from_str(wordpiece.tokenizer_json)
        self.tokenizer.enable_truncation(MAX_LENGTH_TOKENS)
        self.tokenizer.enable_padding()

    def classify(self, texts: list[str]) -> list[int]:
        """Classify the texts as one batch."""
        import torch

        encodings = self.tokenizer.encode_batch(texts)
        input_ids = torch.tensor([encoding.ids for encoding in encodings])
        attention_mask = torch.tensor([encoding.attention_mask for encoding in encodings])
        with torch.inference_mode():
            logits = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits.argmax(dim=1).tolist()  # type: ignore[no-any-return]

    def save(self, folder: Path) -> None:
        """Write a folder for a `transformers` pipeline."""
        from transformers import PreTrainedTokenizerFast
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        self.model.save_pretrained(folder)
        special_tokens = {f"{name.lower()}_token": f"[{name}]" for name in ("UNK", "SEP", "PAD", "CLS", "MASK")}
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_object=self.tokenizer, model_max_length=MAX_LENGTH_TOKENS, **special_tokens
        )
        tokenizer.save_pretrained(folder)


def load_wordpiece(vocabulary: Path | None, texts: list[str]) -> WordPiece:
    """Load or train an uncased WordPiece tokenizer.

    Args:
        vocabulary: `vocab.txt` of `bert-base-uncased`; None trains one of the same size.
        texts: what to train on.
    """
    from tokenizers.implementations.bert_wordpiece import BertWordPieceTokenizer

    if vocabulary is not None:
        return WordPiece(BertWordPieceTokenizer(str(vocabulary), lowercase=True).to_str(), "bert-base-uncased")
    tokenizer = BertWordPieceTokenizer(lowercase=True)
    tokenizer.train_from_iterator(iter(texts), vocab_size=VOCAB_SIZE, show_progress=False)
    return WordPiece(tokenizer.to_str(), "trained on the train reviews")


def classify_with_distilbert(wordpiece: WordPiece, texts: list[str], precision: str, num_reviews: int) -> Answers:
    """Yield reviews/s on batches of like length.

    The batches are evenly spaced among `texts` sorted by length. They stand for all `texts`: sorted, so that hardly any
    padding is computed, and of the same lengths on the whole.

    Args:
        wordpiece: the tokenizer.
        texts: what the batches are picked from.
        precision: `float32` or `bfloat16`.
        num_reviews: how many are scored a round, roughly.
    """
    classifier = DistilBERT(wordpiece, precision)
    lengths = [sum(encoding.attention_mask) for encoding in classifier.tokenizer.encode_batch(texts)]
    (middle,) = pick_batches(lengths, 1, max(BATCH_SIZES))
    batch_size = find_batch_size(classifier, [texts[row] for row in middle])
    picked = pick_batches(lengths, max(2, num_reviews // batch_size), batch_size)
    batches = [[texts[row] for row in rows] for rows in picked]
    yield from time_classification(
        {"reviews_per_s": lambda: [classifier.classify(batch) for batch in batches]},
        sum(len(batch) for batch in batches),
        {"batch_size": batch_size, "max_length_tokens": MAX_LENGTH_TOKENS, "dtype": precision},
    )


def find_batch_size(classifier: DistilBERT, texts: list[str]) -> int:
    """Find the fastest batch size for `texts`."""
    classifier.classify(texts)  # warms up
    elapsed_s = {}
    for batch_size in BATCH_SIZES:
        started = time.perf_counter()
        for start in range(0, len(texts), batch_size):
            classifier.classify(texts[start : start + batch_size])
        elapsed_s[batch_size] = time.perf_counter() - started
    return min(elapsed_s, key=elapsed_s.__getitem__)


def pick_batches(lengths: list[int], num_batches: int, batch_size: int) -> list[list[int]]:
    """Pick batches of rows of like length.

    They are evenly spaced from the shortest to the longest.
    """
    order = np.argsort(lengths, kind="stable")
    centers = (np.arange(num_batches) + 0.5) / num_batches * len(order)
    starts = np.clip(centers - batch_size / 2, 0, max(0, len(order) - batch_size)).astype(int)
    return [order[start : start + batch_size].tolist() for start in starts]


def time_distilbert_single_predictions(wordpiece: WordPiece, texts: list[str], precision: str) -> Answers:
    """Yield p50 and p95 in milliseconds of classifying one review.

    Each text is classified once a round.
    """
    from benchmarking.harness.timing import time_each

    classifier = DistilBERT(wordpiece, precision)
    yield from time_each(lambda text: classifier.classify([text]), texts)
