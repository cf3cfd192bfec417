"""Times this package, from raw strings to labels."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from benchmarking.harness.forked import SliceProcesses
from benchmarking.harness.spec import Answers
from benchmarking.harness.timing import IN_ONE_PROCESS, WITH_A_PROCESS_PER_CORE, time_classification
from benchmarking.tasks import RandomModel, TrainingTask, count_useful_gflop

if TYPE_CHECKING:
    from hf_lstm import LSTMSentiment
    from hf_lstm.data.encoded import LabeledTexts
    from hf_lstm.training.loop.state import TrainingRun


_NUM_WARMUP_TEXTS = 256


def classify_with_ours(model: RandomModel, texts: list[str], precision: str, has_processes: bool = False) -> Answers:
    """Yield reviews/s from text to label, and the model's useful GFLOP/s.

    The former are of one process with a thread per core and, with `has_processes`, of a process per core, too. The
    latter are of the model alone, on encoded texts.
    """
    with contextlib.ExitStack() as stack:
        ways: dict[str, Callable[[], object]] = {}
        if has_processes:  # before this process has threads
            processes = stack.enter_context(SliceProcesses(_OneCore(model, precision), texts))
            processes.do_all()
            ways[WITH_A_PROCESS_PER_CORE] = processes.do_all
        yield from _classify_in_threads(model, texts, precision, ways)


def _classify_in_threads(
    model: RandomModel, texts: list[str], precision: str, other_ways: dict[str, Callable[[], object]]
) -> Answers:
    from hf_lstm.model.prediction import compute_logits
    from hf_lstm.runtime.devices import name_dtype, resolve_precision

    classifier = model.build()
    encoded = classifier.encode(texts)
    gflop = count_useful_gflop(model.config, int(encoded.lengths.sum()))
    classifier.predict(texts[:_NUM_WARMUP_TEXTS], precision=precision, show_progress=False)
    dtype = resolve_precision(precision, classifier.embedding.weight.device, model=model.config)
    ways: dict[str, Callable[[], object]] = {
        IN_ONE_PROCESS: lambda: classifier.predict(texts, precision=precision, show_progress=False),
        "model_alone_reviews_per_s": lambda: compute_logits(classifier, encoded, dtype=dtype),
        **other_ways,
    }
    facts = {"num_parameters": classifier.num_parameters, "dtype": name_dtype(dtype)}
    answers = time_classification(ways, len(texts), facts)
    yield next(answers)
    for metrics in answers:
        gflop_per_s = metrics["model_alone_reviews_per_s"] * gflop / len(texts)
        yield metrics | {"model_alone_useful_gflop_per_s": gflop_per_s}


class _OneCore:
    """Classifies texts in one thread, with a model that is built when it is first called."""

    def __init__(self, model: RandomModel, precision: str) -> None:
        self._model, self._precision = model, precision
        self._classifier: LSTMSentiment | None = None

    def __call__(self, texts: list[str]) -> object:
        if self._classifier is None:
            import torch

            torch.set_num_threads(1)
            self._classifier = self._model.build()
        return self._classifier.predict(texts, precision=self._precision, show_progress=False)


def time_our_single_predictions(model: RandomModel, texts: list[str], precision: str) -> Answers:
    """Yield p50 and p95 in milliseconds of classifying one review.

    Each text is classified once a round.
    """
    from benchmarking.harness.timing import time_each
    from hf_lstm.runtime.devices import name_dtype, resolve_precision

    classifier = model.build()
    dtype = resolve_precision(precision, classifier.embedding.weight.device, model=model.config)
    answers = time_each(lambda text: classifier.predict(text, precision=precision), texts)
    yield next(answers) | {"dtype": name_dtype(dtype)}
    yield from answers


def start_our_training(task: TrainingTask, precision: Any) -> "tuple[TrainingRun, LabeledTexts, float]":
    """Set up a run of this package at step 0.

    Returns it, the encoded reviews, and the seconds that encoding them took.
    """
    import numpy as np
    import torch
    from tokenizers import Tokenizer

    from hf_lstm.data.encoded import LabeledTexts
    from hf_lstm.encoding.encoder import Encoder
    from hf_lstm.model.classifier import LSTMSentiment
    from hf_lstm.runtime.devices import flush_denormals
    from hf_lstm.training.loop.epochs import start_run

    flush_denormals()  # as `scripts/train.py` does
    torch.manual_seed(task.train.seed)
    model = LSTMSentiment(task.model).train()
    encoder = Encoder(Tokenizer.from_str(task.tokenizer_json), task.model)
    started = time.perf_counter()
    texts = encoder.encode(task.reviews.texts)
    encode_s = time.perf_counter() - started
    split = LabeledTexts(texts, np.array(task.reviews.labels))
    return start_run(model, split, replace(task.train, precision=precision)), split, encode_s
