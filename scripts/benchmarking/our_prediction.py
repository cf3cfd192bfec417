"""Contenders of this package: raw strings in, labels out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarking.classification import time_classification
from benchmarking.contenders import Answers
from benchmarking.training_tasks import count_useful_gflop
from hf_lstm.config import ModelConfig

if TYPE_CHECKING:
    from hf_lstm.modeling import LSTMSentiment

_NUM_WARMUP_TEXTS = 256


@dataclass(frozen=True, kw_only=True)
class RandomModel:
    """A model with random weights, which are as fast as any."""

    config: ModelConfig
    """With vocabulary size and labels."""
    tokenizer_json: str

    def build(self) -> "LSTMSentiment":
        """Return the model; the same weights every time."""
        import torch
        from tokenizers import Tokenizer

        from hf_lstm.modeling import LSTMSentiment

        torch.manual_seed(0)
        return LSTMSentiment(self.config, Tokenizer.from_str(self.tokenizer_json)).eval()


def classify_with_ours(model: RandomModel, texts: list[str], precision: str) -> Answers:
    """Yield reviews/s from text to label, and the useful GFLOP/s of the model alone on encoded texts."""
    from hf_lstm.batching import fill_empty
    from hf_lstm.devices import name_dtype, resolve_precision
    from hf_lstm.encoding import Encoder
    from hf_lstm.prediction import compute_logits

    classifier = model.build()
    assert classifier.tokenizer is not None
    encoder = Encoder(classifier.tokenizer)
    encoded = encoder.encode(texts, max_length_tokens=model.config.max_length_tokens)
    encoded = fill_empty(encoded, model.config.unk_token_id)
    gflop = count_useful_gflop(model.config, int(encoded.lengths.sum()))
    classifier.predict(texts[:_NUM_WARMUP_TEXTS], precision=precision, show_progress=False)
    dtype = resolve_precision(precision, classifier.embedding.weight.device, hidden_size=model.config.hidden_size)
    ways: dict[str, Callable[[], object]] = {
        "reviews_per_s": lambda: classifier.predict(texts, precision=precision, show_progress=False),
        "model_alone_reviews_per_s": lambda: compute_logits(classifier, encoded, dtype=dtype),
    }
    facts = {"num_parameters": classifier.num_parameters, "dtype": name_dtype(dtype)}
    answers = time_classification(ways, len(texts), facts)
    yield next(answers)
    for metrics in answers:
        gflop_per_s = metrics["model_alone_reviews_per_s"] * gflop / len(texts)
        yield metrics | {"model_alone_useful_gflop_per_s": gflop_per_s}


def time_our_single_predictions(model: RandomModel, texts: list[str], precision: str) -> Answers:
    """Yield p50 and p95 of the milliseconds that one review takes, each text once a round."""
    from benchmarking.latency import time_each
    from hf_lstm.devices import name_dtype, resolve_precision

    classifier = model.build()
    dtype = resolve_precision(precision, classifier.embedding.weight.device, hidden_size=model.config.hidden_size)
    answers = time_each(lambda text: classifier.predict(text, precision=precision), texts)
    yield next(answers) | {"dtype": name_dtype(dtype)}
    yield from answers
