"""Times classification from raw strings to labels, everything included."""

from dataclasses import dataclass
from pathlib import Path

from benchmarking.contenders.linear import (  # fmt: skip
    FASTTEXT_REQUIRES,
    SKLEARN_REQUIRES,
    build_tfidf,
    classify_with_fasttext,
    classify_with_linear,
)
from benchmarking.contenders.nb_svm import NBSVM
from benchmarking.contenders.neural.distilbert import REQUIRES as DISTILBERT_REQUIRES
from benchmarking.contenders.neural.distilbert import WordPiece, classify_with_distilbert
from benchmarking.contenders.neural.keras_lstm import REQUIRES as KERAS_REQUIRES
from benchmarking.contenders.neural.keras_lstm import classify_with_keras
from benchmarking.contenders.neural.onnx_lstm import REQUIRES as ONNX_REQUIRES
from benchmarking.contenders.neural.onnx_lstm import classify_with_onnx
from benchmarking.contenders.neural.packed import classify_with_packing
from benchmarking.contenders.ours import classify_with_ours
from benchmarking.contenders.peak import PEAK
from benchmarking.harness.spec import Contender, Figure, Metric, Section
from benchmarking.harness.timing import IN_ONE_PROCESS, WITH_A_PROCESS_PER_CORE
from benchmarking.reviews import LabeledReviews, find_lowercase_words
from benchmarking.tasks import USEFUL_OPERATIONS, RandomModel
from hf_lstm.evaluation.tfidf import Classifier

BF16, FP32 = "ours, BiLSTM, bf16", "ours, BiLSTM, fp32"
POOLED, STOPWORD = "ours, pooled-bilstm", "ours, stopword-lstm"
DISTILLED, FLAGSHIP, TINY = "ours, distilled-bilstm", "ours, flagship", "ours, flagship-tiny"
COMPARED_WITH_LINEAR = frozenset({STOPWORD, TINY})
"""Narrow models, of which a process per core is timed, too: so are what they are compared with."""
PACKED, KERAS = "packed loop, BiLSTM", "Keras BiLSTM"
PACKED_INT8 = "packed loop, BiLSTM, int8"
ONNX_FP32, ONNX_INT8 = "ONNX Runtime, BiLSTM, fp32", "ONNX Runtime, BiLSTM, int8"
DISTILBERT_FP32, DISTILBERT_BF16 = "DistilBERT, fp32", "DistilBERT, bf16"
TFIDF, NB_SVM, FASTTEXT = "TF-IDF(1,2) + logistic regression", "NB-SVM(1,3)", "fastText(1,2)"


@dataclass(frozen=True, kw_only=True)
class TextToLabelTask:
    """Defines the texts to score, and the models."""

    train: LabeledReviews
    """For the peers that are trained in the run."""
    test: LabeledReviews
    """In random order; the first reviews are timed, all give the accuracy of the trained peers."""
    num_reviews: int
    """How many are timed."""
    num_slow_reviews: int
    """How many of them the packed loop and Keras get."""
    num_distilbert_reviews: int
    """How many of them, roughly, DistilBERT gets."""
    bilstm: RandomModel
    pooled: RandomModel
    stopword: RandomModel
    distilled: RandomModel
    """Like `space/model`, but for its weights."""
    flagship: RandomModel
    tiny: RandomModel
    wordpiece: WordPiece
    scratch: Path

    @property
    def timed_texts(self) -> list[str]:
        """Return the reviews to time."""
        return self.test.texts[: self.num_reviews]


def build_text_to_label(task: TextToLabelTask) -> Section:
    """Build the section on classifying raw texts."""

    def compare(title: str, ours: str, peer: str, at_least: float | None = None) -> Figure:
        of, to = (Metric(contender=name, name=IN_ONE_PROCESS) for name in (ours, peer))
        return Figure(title=title, of=of, to=to, at_least=at_least)

    def compare_on_all_cores(name: str, title: str, peer: str, at_least: float | None = None) -> Figure:
        ours = Metric(contender=name, name=IN_ONE_PROCESS)  # which has a thread per core
        peers = Metric(contender=peer, name=IN_ONE_PROCESS, or_greater=WITH_A_PROCESS_PER_CORE)
        return Figure(title=f"{title}, a process per core if faster", of=ours, to=peers, at_least=at_least)

    def compare_processes(name: str, title: str, peer: str, at_least: float | None = None) -> Figure:
        of, to = (Metric(contender=each, name=WITH_A_PROCESS_PER_CORE) for each in (name, peer))
        return Figure(title=f"{title}, a process per core each", of=of, to=to, at_least=at_least)

    return Section(
        title="raw strings in, labels out",
        contenders=[PEAK, *_list_ours(task), *_list_neural_peers(task), *_list_linear_peers(task)],
        figures=[
            compare("BiLSTM, bf16 against DistilBERT, fp32", BF16, DISTILBERT_FP32, 120),
            compare("BiLSTM, bf16 against DistilBERT, bf16", BF16, DISTILBERT_BF16, 60),
            compare("BiLSTM, fp32 against DistilBERT, fp32", FP32, DISTILBERT_FP32),
            compare("BiLSTM, bf16 against the packed loop", BF16, PACKED),
            compare("BiLSTM, bf16 against Keras", BF16, KERAS),
            compare("BiLSTM, bf16 against ONNX Runtime, fp32", BF16, ONNX_FP32),
            compare("BiLSTM, bf16 against ONNX Runtime, int8", BF16, ONNX_INT8),
            compare("BiLSTM, bf16 against PyTorch's dynamic int8", BF16, PACKED_INT8),
            compare("pooled-bilstm against DistilBERT, fp32", POOLED, DISTILBERT_FP32),
            compare("pooled-bilstm against DistilBERT, bf16", POOLED, DISTILBERT_BF16),
            compare_on_all_cores(STOPWORD, "stopword-lstm against TF-IDF + logistic regression", TFIDF, 1),
            compare_processes(STOPWORD, "stopword-lstm against TF-IDF + logistic regression", TFIDF, 1),
            compare_on_all_cores(STOPWORD, "stopword-lstm against fastText", FASTTEXT),
            compare("flagship-tiny against fastText, one process each", TINY, FASTTEXT, 1.5),
            compare_on_all_cores(TINY, "flagship-tiny against fastText", FASTTEXT, 1.5),
            compare_processes(TINY, "flagship-tiny against fastText", FASTTEXT, 1.5),
            Figure(
                title="BiLSTM, fp32: share of the matrix-product peak, useful operations only, model alone",
                of=Metric(contender=FP32, name="model_alone_useful_gflop_per_s"),
                to=Metric(contender=PEAK.name, name="float32_gflop_per_s"),
                unit="%",
                at_least=60,
            ),
            *_list_memory_figures(),
        ],
        settings={
            "num_reviews": len(task.timed_texts),
            "num_reviews_for_accuracy": len(task.test.texts),
            "useful_operations": USEFUL_OPERATIONS,
            "wordpiece": task.wordpiece.source,
            "bilstm": describe_model(task.bilstm),
            "pooled_bilstm": describe_model(task.pooled),
            "stopword_lstm": describe_model(task.stopword),
            "distilled_bilstm": describe_model(task.distilled),
            "flagship": describe_model(task.flagship),
            "flagship_tiny": describe_model(task.tiny),
        },
    )


def _list_memory_figures() -> list[Figure]:
    return [
        Figure(
            title=f"{name}: peak memory of the process while it predicts",
            of=Metric(contender=name, name="peak_memory_mb"),
            unit="MB",
        )
        for name in (BF16, DISTILBERT_FP32)
    ]


def describe_model(model: RandomModel) -> dict[str, object]:
    """Return the sizes behind a review's work."""
    names = (
        "vocab_size",
        "embedding_dim",
        "words_per_step",
        "hidden_size",
        "bidirectional",
        "pooling",
        "max_length_tokens",
    )
    return {name: getattr(model.config, name) for name in names}


def _list_ours(task: TextToLabelTask) -> list[Contender]:
    models = {
        BF16: (task.bilstm, "bfloat16"),
        FP32: (task.bilstm, "float32"),
        POOLED: (task.pooled, "auto"),
        STOPWORD: (task.stopword, "auto"),
        DISTILLED: (task.distilled, "auto"),
        FLAGSHIP: (task.flagship, "auto"),
        TINY: (task.tiny, "auto"),
    }
    return [
        Contender(
            name=name,
            start=classify_with_ours,
            arguments={
                "model": model,
                "texts": task.timed_texts,
                "precision": precision,
                "has_processes": name in COMPARED_WITH_LINEAR,
            },
            number_format="bfloat16" if precision == "bfloat16" else "float32",
        )
        for name, (model, precision) in models.items()
    ]


def _list_neural_peers(task: TextToLabelTask) -> list[Contender]:
    few_texts = task.timed_texts[: task.num_slow_reviews]
    packed = {"model": task.bilstm, "texts": few_texts, "find_words": find_lowercase_words}
    keras = {"config": task.bilstm.config, "train_texts": task.train.texts, "texts": few_texts}
    transformer = {
        "wordpiece": task.wordpiece, "texts": task.timed_texts, "num_reviews": task.num_distilbert_reviews,
    }  # fmt: skip
    return [
        Contender(name=PACKED, start=classify_with_packing, arguments=packed),
        Contender(name=PACKED_INT8, start=classify_with_packing, arguments={**packed, "quantizes": True}),
        *(
            Contender(
                name=name,
                start=classify_with_onnx,
                arguments={"model": task.bilstm, "texts": few_texts, "quantizes": name == ONNX_INT8},
                requires=ONNX_REQUIRES,
            )
            for name in (ONNX_FP32, ONNX_INT8)
        ),
        Contender(name=KERAS, start=classify_with_keras, arguments=keras, requires=KERAS_REQUIRES),
        *(
            Contender(
                name=name,
                start=classify_with_distilbert,
                arguments={**transformer, "precision": precision},
                number_format=precision,
                requires=DISTILBERT_REQUIRES,
            )
            for name, precision in ((DISTILBERT_FP32, "float32"), (DISTILBERT_BF16, "bfloat16"))
        ),
    ]


def _list_linear_peers(task: TextToLabelTask) -> list[Contender]:
    arguments = {"train": task.train, "test": task.test, "num_reviews": task.num_reviews}
    classifiers: dict[str, Classifier] = {TFIDF: build_tfidf(), NB_SVM: NBSVM()}
    return [
        *(
            Contender(
                name=name,
                start=classify_with_linear,
                arguments={**arguments, "classifier": classifier},
                requires=SKLEARN_REQUIRES,
            )
            for name, classifier in classifiers.items()
        ),
        Contender(
            name=FASTTEXT,
            start=classify_with_fasttext,
            arguments={**arguments, "scratch": task.scratch},
            requires=FASTTEXT_REQUIRES,
        ),
    ]
