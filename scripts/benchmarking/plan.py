"""Lists the sections, and how much each measures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from benchmarking.contenders.language_model import PretrainingTask
from benchmarking.contenders.neural.distilbert import WordPiece, load_wordpiece
from benchmarking.contenders.wide_lstm import list_wide_shapes
from benchmarking.harness.spec import Section
from benchmarking.reviews import LabeledReviews, ReviewSplits, choose_word_finder
from benchmarking.sections.bulk_scoring import build_bulk_scoring
from benchmarking.sections.cold_start import build_cold_start
from benchmarking.sections.epoch import build_epoch
from benchmarking.sections.latency import build_latency, pick_usual_reviews
from benchmarking.sections.sequence_length import build_sequence_length, join_reviews
from benchmarking.sections.text_to_label import TextToLabelTask, build_text_to_label
from benchmarking.sections.tokenization import build_tokenization
from benchmarking.sections.training_step import build_training_step
from benchmarking.tasks import RandomModel, TrainingTask
from hf_lstm.config import ModelSettings, TokenizerConfig
from hf_lstm.config.pretrain import LM
from hf_lstm.config.recipes.ours import DISTILLED_BILSTM, FLAGSHIP, FLAGSHIP_TINY, POOLED_BILSTM
from hf_lstm.config.recipes.published import PACKED_LSTM, STOPWORD_LSTM
from hf_lstm.tokenization.build import train_tokenizer

_BILSTM = ModelSettings(
    embedding_dim=100, hidden_size=256, bidirectional=True, pooling="mean_max", max_length_tokens=400
)
_LANGUAGE_MODEL_BATCH_SIZE = 64
_BILSTM_TOKENIZER = TokenizerConfig(words="word_characters", lowercase=True, max_words=25_000)


@dataclass(frozen=True, kw_only=True)
class Effort:
    """Says how much is measured."""

    minutes: float
    """For all sections; see `SHARES`. After them, whoever was not measured still has its first round, if it ends soon:
    see `FIRST_ROUNDS_MARGIN`."""
    repeats: int
    """Rounds of each section."""
    our_epoch_share: float
    """Share of this package's epoch that is measured; the rest is scaled."""
    packed_epoch_batches: int | None
    """Batches of the packed loop's epoch that are measured; None for all."""
    wide_batch_sizes: tuple[int, ...]
    """Rows of the batches that wide layers train on."""
    num_reviews: int
    """Scored a round from text to label."""
    num_slow_reviews: int
    """Of these, for the packed loop and Keras."""
    num_distilbert_reviews: int
    """Of these, for DistilBERT."""
    num_linear_reviews: int | None
    """The linear peers are trained on, and as many tell their accuracy; None for all."""
    num_tokenized_reviews: int
    num_single_reviews: int
    """Scored one by one a round."""
    num_bulk_reviews: int
    """Scored once by `predict.py`, from a file."""


NORMAL = Effort(
    minutes=10.5, repeats=5, our_epoch_share=1.0, packed_epoch_batches=5,
    wide_batch_sizes=(64, 128, 256), num_reviews=2048, num_slow_reviews=256,
    num_distilbert_reviews=48, num_linear_reviews=None, num_tokenized_reviews=5000, num_single_reviews=20,
    num_bulk_reviews=100_000,
)  # fmt: skip
QUICK = Effort(
    minutes=3.2, repeats=1, our_epoch_share=0.1, packed_epoch_batches=1,
    wide_batch_sizes=(64,), num_reviews=512, num_slow_reviews=128,
    num_distilbert_reviews=16, num_linear_reviews=4000, num_tokenized_reviews=1000, num_single_reviews=10,
    num_bulk_reviews=20_000,
)  # fmt: skip


class Plan:
    """Builds sections on demand.

    What they share is prepared once, and only if it is needed.

    Args:
        splits: the reviews.
        effort: how much to measure.
        wordpiece_vocabulary: `vocab.txt` of `bert-base-uncased`; None trains one of the same size.
        scratch: a folder for models and training files.
    """

    def __init__(self, splits: ReviewSplits, effort: Effort, wordpiece_vocabulary: Path | None, scratch: Path) -> None:
        self._splits = splits
        self._effort = effort
        self._wordpiece_vocabulary = wordpiece_vocabulary
        self._scratch = scratch

    def build_training_step(self) -> Section:
        """Build the section on one training step."""
        batch_size = PACKED_LSTM.train.batch_size
        task = self._make_task(self._splits.train.pick((1 + self._effort.repeats) * batch_size))
        shapes = list_wide_shapes(self._effort.wide_batch_sizes)
        return build_training_step(task, self._make_language_model_task(), shapes)

    def build_sequence_length(self) -> Section:
        """Build the section on the cost by length."""
        reviews = self._splits.train.pick(len(self._splits.train.texts))
        return build_sequence_length(self._make_task(join_reviews(reviews, PACKED_LSTM.train.batch_size)))

    def build_epoch(self) -> Section:
        """Build the section on a whole epoch."""
        return build_epoch(
            self._make_task(self._splits.train),
            repeats=self._effort.repeats,
            our_share=self._effort.our_epoch_share,
            packed_batches=self._effort.packed_epoch_batches,
        )

    def build_text_to_label(self) -> Section:
        """Build the section on classifying raw texts."""
        train, num_linear = self._splits.train_and_validation, self._effort.num_linear_reviews
        test = self._splits.test.pick(num_linear or len(self._splits.test.texts))
        task = TextToLabelTask(
            train=train if num_linear is None else train.pick(num_linear),
            test=test,
            num_reviews=self._effort.num_reviews,
            num_slow_reviews=self._effort.num_slow_reviews,
            num_distilbert_reviews=self._effort.num_distilbert_reviews,
            bilstm=self._bilstm,
            pooled=self._pooled,
            stopword=self._stopword,
            distilled=self._make_model(DISTILLED_BILSTM.model, DISTILLED_BILSTM.tokenizer),
            flagship=self._make_model(FLAGSHIP.model, FLAGSHIP.tokenizer),
            tiny=self._make_model(FLAGSHIP_TINY.model, FLAGSHIP_TINY.tokenizer),
            wordpiece=self._wordpiece,
            scratch=self._scratch,
        )
        return build_text_to_label(task)

    def build_tokenization(self) -> Section:
        """Build the section on tokenization."""
        texts = self._splits.test.pick(self._effort.num_tokenized_reviews).texts
        return build_tokenization(self._stopword.tokenizer_json, texts)

    def build_latency(self) -> Section:
        """Build the section on single reviews."""
        texts = pick_usual_reviews(self._splits.test.texts, self._effort.num_single_reviews)
        return build_latency(self._bilstm, self._stopword, self._wordpiece, texts)

    def build_bulk_scoring(self) -> Section:
        """Build the section on scoring a large file."""
        return build_bulk_scoring(
            self._stopword, self._splits.test.texts, self._effort.num_bulk_reviews, self._scratch / "bulk"
        )

    def build_cold_start(self) -> Section:
        """Build the section on starting a process."""
        return build_cold_start(self._bilstm, self._wordpiece, self._scratch)

    def _make_task(self, reviews: LabeledReviews) -> TrainingTask:
        return TrainingTask(
            reviews=reviews,
            tokenizer_json=self._packed.tokenizer_json,
            find_words=choose_word_finder(PACKED_LSTM.tokenizer),
            model=self._packed.config,
            train=PACKED_LSTM.train,
        )

    def _make_language_model_task(self) -> PretrainingTask:
        pretrain = replace(LM.pretrain, batch_size=_LANGUAGE_MODEL_BATCH_SIZE)
        texts = self._splits.train.pick((2 + self._effort.repeats) * pretrain.batch_size).texts
        model = self._make_model(LM.model, LM.tokenizer)
        return PretrainingTask(texts=texts, tokenizer_json=model.tokenizer_json, model=model.config, pretrain=pretrain)

    @cached_property
    def _packed(self) -> RandomModel:
        return self._make_model(PACKED_LSTM.model, PACKED_LSTM.tokenizer)

    @cached_property
    def _stopword(self) -> RandomModel:
        return self._make_model(STOPWORD_LSTM.model, STOPWORD_LSTM.tokenizer)

    @cached_property
    def _pooled(self) -> RandomModel:
        return self._make_model(POOLED_BILSTM.model, POOLED_BILSTM.tokenizer)

    @cached_property
    def _bilstm(self) -> RandomModel:
        return self._make_model(_BILSTM, _BILSTM_TOKENIZER)

    def _make_model(self, model: ModelSettings, tokenizer: TokenizerConfig) -> RandomModel:
        trained = train_tokenizer(self._splits.train.texts, tokenizer)
        config = model.resolve(vocab_size=trained.get_vocab_size(), label_names=("neg", "pos"))
        return RandomModel(config=config, tokenizer_json=trained.to_str())

    @cached_property
    def _wordpiece(self) -> WordPiece:
        return load_wordpiece(self._wordpiece_vocabulary, self._splits.train.texts)


SECTIONS: Mapping[str, Callable[[Plan], Section]] = {
    "training-step": Plan.build_training_step,
    "sequence-length": Plan.build_sequence_length,
    "epoch": Plan.build_epoch,
    "text-to-label": Plan.build_text_to_label,
    "tokenization": Plan.build_tokenization,
    "bulk-scoring": Plan.build_bulk_scoring,
    "latency": Plan.build_latency,
    "cold-start": Plan.build_cold_start,
}
SHARES: Mapping[str, float] = {
    "training-step": 5, "sequence-length": 2, "epoch": 3, "text-to-label": 10, "tokenization": 1, "bulk-scoring": 1,
    "latency": 1.5, "cold-start": 1.5,
}  # fmt: skip
"""Of the time, by section. What one leaves is divided among the later ones."""
FIRST_ROUNDS_MARGIN = 0.1
"""First rounds have so much more than all the time. Then still comes what later sections prepare: `NORMAL` ends within
12 minutes, and `QUICK` within 4, whatever hangs."""
