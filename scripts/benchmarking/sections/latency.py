"""Times one review at a time, with the model loaded."""

from collections.abc import Mapping

from benchmarking.contenders.neural.distilbert import REQUIRES as DISTILBERT_REQUIRES
from benchmarking.contenders.neural.distilbert import WordPiece, time_distilbert_single_predictions
from benchmarking.contenders.ours import time_our_single_predictions
from benchmarking.harness.spec import Contender, Figure, Metric, Section
from benchmarking.tasks import RandomModel

WORDS_PER_REVIEW = 250
_OURS, _OURS_FP32, _DISTILBERT = "ours, bf16 BiLSTM", "ours, fp32 BiLSTM", "DistilBERT, fp32"


def pick_usual_reviews(texts: list[str], size: int) -> list[str]:
    """Pick the `size` texts closest to 250 words."""
    return sorted(texts, key=lambda text: abs(len(text.split()) - WORDS_PER_REVIEW))[:size]


def build_latency(bilstm: RandomModel, stopword: RandomModel, wordpiece: WordPiece, texts: list[str]) -> Section:
    """Build the section on single reviews.

    Each round scores each of `texts` on its own.
    """
    ours: Mapping[str, tuple[RandomModel, str]] = {
        _OURS: (bilstm, "bfloat16"),
        _OURS_FP32: (bilstm, "float32"),
        "ours, stopword-lstm": (stopword, "auto"),
    }
    distilbert = {_DISTILBERT: "float32", "DistilBERT, bf16": "bfloat16"}
    return Section(
        title=f"one review of {WORDS_PER_REVIEW} words, from text to label",
        contenders=[
            *(
                Contender(
                    name=name,
                    start=time_our_single_predictions,
                    arguments={"model": model, "texts": texts, "precision": precision},
                    number_format="bfloat16" if precision == "bfloat16" else "float32",
                )
                for name, (model, precision) in ours.items()
            ),
            *(
                Contender(
                    name=name,
                    start=time_distilbert_single_predictions,
                    arguments={"wordpiece": wordpiece, "texts": texts, "precision": precision},
                    number_format=precision,
                    requires=DISTILBERT_REQUIRES,
                )
                for name, precision in distilbert.items()
            ),
        ],
        figures=[
            Figure(title="BiLSTM, bf16: p50", of=Metric(contender=_OURS, name="p50_ms"), unit="ms", at_most=10),
            Figure(title="BiLSTM, fp32: p50", of=Metric(contender=_OURS_FP32, name="p50_ms"), unit="ms", at_most=10),
            Figure(
                title="BiLSTM, bf16 against DistilBERT, fp32",
                of=Metric(contender=_DISTILBERT, name="p50_ms"),
                to=Metric(contender=_OURS, name="p50_ms"),
            ),
        ],
        settings={"words_per_review": WORDS_PER_REVIEW, "reviews_per_round": len(texts)},
    )
