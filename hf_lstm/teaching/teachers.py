"""Has teachers label rows softly: n-grams, trained models, or both."""

import contextlib
import hashlib
import itertools
import logging
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm.auto import tqdm

from hf_lstm.config import ModelConfig
from hf_lstm.config.train import NGRAMS
from hf_lstm.errors import InputError, abbreviate
from hf_lstm.extras import require_library
from hf_lstm.hub.download import fetch_model_folder
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.model.folder import read_config
from hf_lstm.model.text_classifier import digest_model
from hf_lstm.progress import can_show_bars
from hf_lstm.runtime import memory
from hf_lstm.sources.label_feature import Labels
from hf_lstm.teaching.cross_fitting import Lesson, label_by_ngrams
from hf_lstm.teaching.kept_answers import KeptAnswers

logger = logging.getLogger(__name__)


def check_teachers(names: Sequence[str]) -> dict[str, ModelConfig]:
    """Check that teachers can teach, before much is done, and return the configs of those that are models.

    Raises:
        InputError: what one needs is not installed, its model is missing or classifies nothing, or it is named twice.
    """
    configs: dict[str, ModelConfig] = {}
    known: dict[str, str] = {}
    for name in names:
        place = name
        if name == NGRAMS:
            require_library("sklearn")
        else:
            folder = fetch_model_folder(name)
            place = str(folder.resolve())
            configs[name] = read_config(folder)
        if place in known:
            raise InputError(
                f"train.teachers: {name} is named twice{'' if known[place] == name else f', also as {known[place]}'}; "
                "name it once, and let it count more by train.teacher_votes"
            )
        known[place] = name
    return configs


def check_labels(name: str, found: ModelConfig, labels: Labels) -> None:
    """Check that a teacher has the labels of the data.

    Args:
        name: of the teacher.
        found: its config.
        labels: of the data.

    Raises:
        InputError: it has others, or has them in another order, or texts have another number of them.
    """
    if tuple(found.label_names) != labels.names:
        raise InputError(
            f"train.teachers: {name} has the labels {abbreviate(found.label_names)}; expected those of the data "
            f"in their order, {abbreviate(labels.names)}"
        )
    if found.is_multi_label != labels.is_multi:
        kinds = ("any number of labels", "one label") if labels.is_multi else ("one label", "any number of labels")
        raise InputError(f"train.teachers: the texts have {kinds[0]} each, and {name} gives {kinds[1]}")


def label_softly(
    teachers: Sequence[str],
    lesson: Lesson,
    votes: Sequence[float] | None = None,
    *,
    device: str | torch.device = "cpu",
    kept: KeptAnswers | None = None,
) -> NDArray[np.float32]:
    """Average the probabilities that teachers give to all texts of a lesson.

    N-grams beside models learn from the labels, and from what the models say of texts without labels. They err
    elsewhere than a network does (Blum and Mitchell 1998, Combining Labeled and Unlabeled Data with Co-Training,
    https://doi.org/10.1145/279943.279962).

    Args:
        teachers: `ngrams`, folders or Hub ids.
        lesson: what they label.
        votes: how much each teacher counts; alike by default.
        device: where models label.
        kept: has what they have said of these texts before, and keeps what they say.

    Returns:
        float32 (num_texts + num_more_texts, num_labels).

    Raises:
        InputError: a teacher can't be loaded, or has other labels.
        StorageError: the disk is full or fails.
    """
    kept = KeptAnswers() if kept is None else kept
    shares = [1.0] * len(teachers) if votes is None else list(votes)
    models = {name: _load_teacher(name, lesson.problem.config, device) for name in teachers if name != NGRAMS}
    answers: dict[str, NDArray[np.float32]] = {}
    texts = [*lesson.texts, *lesson.more_texts]
    shape = (len(texts), lesson.problem.config.num_labels)
    digest = _hash_lesson(lesson) if kept.keeps else b""
    for name, model in models.items():
        logger.info("teacher %s labels the rows", name)
        key = _hash([digest, digest_model(model).encode()]) if kept.keeps else name
        answers[name], num_found = _ask_model(name, model, texts, shape, key, kept)
        if num_found:
            logger.info("teacher %s: %s rows had their labels from before", name, f"{num_found:,}")
    if NGRAMS in teachers:
        by_models = [answers[name] for name in teachers if name != NGRAMS]
        counts = [share for name, share in zip(teachers, shares, strict=True) if name != NGRAMS]
        said: NDArray[np.float64] | None = np.average(by_models, axis=0, weights=counts) if by_models else None
        key = _hash([digest, NGRAMS.encode(), *([] if said is None else [said.tobytes()])])
        answers[NGRAMS], _ = kept.compute(key, shape, len(texts), lambda start, end: label_by_ngrams(lesson, said))
    return np.average([answers[name] for name in teachers], axis=0, weights=shares).astype(np.float32)


def _ask_model(
    name: str, model: LSTMSentiment, texts: Sequence[str], shape: tuple[int, int], key: str, kept: KeptAnswers
) -> tuple[NDArray[np.float32], int]:
    """Have a model label texts, window by window, and return what it says and of how many it was known."""
    # A bar that is not shown takes its lock all the same, which a process forked meanwhile would find closed.
    bar = tqdm(total=len(texts), desc=f"teacher {name}", unit="text") if can_show_bars() else None

    def ask(start: int, end: int) -> NDArray[np.float32]:
        said = np.asarray(model.predict_proba(texts[start:end], show_progress=False), dtype=np.float32)
        if bar is not None:
            bar.update(end - bar.n)  # with the rows before that were known
        return said

    with bar or contextlib.nullcontext():
        answers, num_found = kept.compute(key, shape, memory.WINDOW_TEXTS, ask)
        if bar is not None:
            bar.update(len(texts) - bar.n)  # where the last rows, or all, were known
    return answers, num_found


def _hash_lesson(lesson: Lesson) -> bytes:
    arrays = (lesson.labels, lesson.groups, lesson.origins)
    texts = (text.encode(errors="surrogatepass") for text in (*lesson.texts, *lesson.more_texts))
    return _hash(itertools.chain((array.tobytes() for array in arrays), texts)).encode()


def _hash(parts: Iterable[bytes]) -> str:
    """Hash parts in their order, and where each ends."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def _load_teacher(name: str, wanted: ModelConfig, device: str | torch.device) -> LSTMSentiment:
    model = LSTMSentiment.from_pretrained(name)
    check_labels(name, model.config, Labels.of_model(wanted))
    return model.to(device)
