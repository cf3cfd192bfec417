"""Has teachers label rows softly: n-grams, cross-fitted, and trained models."""

import contextlib
import dataclasses
import hashlib
import itertools
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm.auto import tqdm

from hf_lstm import memory
from hf_lstm.config import ModelConfig
from hf_lstm.config.train import NGRAMS
from hf_lstm.errors import InputError, abbreviate
from hf_lstm.evaluation.calibration import fit_temperature
from hf_lstm.evaluation.tfidf import has_spaced_words
from hf_lstm.extras import require_library
from hf_lstm.hub.download import fetch_model_folder
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.model.folder import read_config
from hf_lstm.nn.problem import Problem
from hf_lstm.progress import can_show_bars
from hf_lstm.sources.label_feature import Labels
from hf_lstm.teaching.kept_answers import KeptAnswers
from hf_lstm.teaching.ngrams import NgramClassifier, count_ngrams

NUM_FOLDS = 5
_MAX_CHARACTERS, _MAX_MORE_CHARACTERS = 50_000_000, 100_000_000
"""Of longer texts together, with labels and without, the n-gram teacher learns from random ones. IMDB has 33 and 67
million."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lesson:
    """Holds the texts that a run learns from, and who may not teach which."""

    texts: Sequence[str]
    """The labeled texts."""
    labels: NDArray[np.int64]
    """As `LabeledTexts` has them."""
    groups: NDArray[np.int64]
    """(num_texts,), such that no n-gram teacher labels a row of a group that it has learned from."""
    more_texts: Sequence[str]
    """Texts without labels, and parts of these and of the labeled ones."""
    origins: NDArray[np.int64]
    """(num_more_texts,), the row of `texts`, or after these of `more_texts`, that each is a part of; -1 for a whole."""
    problem: Problem
    """With the labels of the data."""


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
        key = _hash([digest, *_list_parts(model)]) if kept.keeps else name
        answers[name], num_found = _ask_model(name, model, texts, shape, key, kept)
        if num_found:
            logger.info("teacher %s: %s rows had their labels from before", name, f"{num_found:,}")
    if NGRAMS in teachers:
        by_models = [answers[name] for name in teachers if name != NGRAMS]
        counts = [share for name, share in zip(teachers, shares, strict=True) if name != NGRAMS]
        said: NDArray[np.float64] | None = np.average(by_models, axis=0, weights=counts) if by_models else None
        key = _hash([digest, NGRAMS.encode(), *([] if said is None else [said.tobytes()])])
        answers[NGRAMS], _ = kept.compute(key, shape, len(texts), lambda start, end: _ask_ngrams(lesson, said))
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


def _list_parts(model: LSTMSentiment) -> Iterable[bytes]:
    """List all that a model's answers depend on, but for the device."""
    yield repr(dataclasses.asdict(model.config)).encode()
    yield model.require_tokenizer().to_str().encode()
    for name, tensor in model.state_dict().items():
        yield name.encode()
        yield tensor.cpu().reshape(-1).view(torch.uint8).numpy().tobytes()


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


def _ask_ngrams(lesson: Lesson, said: NDArray[np.float64] | None) -> NDArray[np.float32]:
    """Let n-gram teachers label all texts, none of them a text that it has learned from or a part of it.

    Logits are divided by the temperature that fits the labels of the texts best.

    Args:
        lesson: with the labels to learn from.
        said: (num_texts + num_more_texts, num_labels), what other teachers say; of texts without labels it is learned.
    """
    problem, num_texts = lesson.problem, len(lesson.texts)
    texts = [*lesson.texts, *lesson.more_texts]
    features = count_ngrams(texts, problem.config.num_labels, has_words=has_spaced_words(lesson.texts))
    is_part = np.concatenate([np.zeros(num_texts, dtype=bool), lesson.origins >= 0])
    folds = _cut_lesson(lesson, with_unlabeled=said is not None)
    is_learned = np.zeros(len(texts), dtype=bool)
    is_learned[:num_texts] = _pick_rows(lesson.texts, _MAX_CHARACTERS)
    targets: NDArray[np.int64] | NDArray[np.float32] = lesson.labels
    if said is not None:
        targets = np.concatenate([problem.soften(lesson.labels), said[num_texts:].astype(np.float32)])
        is_learned[num_texts:] = ~is_part[num_texts:] & _pick_rows(lesson.more_texts, _MAX_MORE_CHARACTERS)
    logits = np.zeros((len(texts), problem.config.num_labels), dtype=np.float32)
    for fold in range(-1, NUM_FOLDS):  # teacher -1 learns from all, and labels what is of no fold
        if not (folds == fold).any():
            continue
        rows = np.flatnonzero(is_learned & (folds != fold))
        if not len(rows):
            logger.warning("n-gram teacher: all rows are of one group or text; it leaves their labels open")
            continue
        teacher = NgramClassifier(problem).fit(features[rows], targets[rows])
        for are_parts in (False, True):
            asked = np.flatnonzero((folds == fold) & (is_part == are_parts))
            logits[asked] = teacher.compute_logits(features[asked], are_parts=are_parts)
    answers = torch.from_numpy(logits)
    temperature = fit_temperature(answers[:num_texts], lesson.labels)
    is_right = problem.find_right(answers[:num_texts], torch.from_numpy(lesson.labels))
    accuracy = is_right.numpy().mean()
    logger.info("n-gram teacher: accuracy %.4f on rows of train that it did not learn from", accuracy)
    return problem.normalize(answers / temperature).numpy()


def _cut_lesson(lesson: Lesson, *, with_unlabeled: bool) -> NDArray[np.int64]:
    """Cut all texts of a lesson into folds, parts as the texts that they are of; -1 for what is of none."""
    is_part = lesson.origins >= 0
    of_texts = cut_folds(lesson.groups)
    folds = np.concatenate([of_texts, np.full(len(is_part), -1, dtype=np.int64)])
    of_more = folds[len(of_texts) :]
    if with_unlabeled:
        of_more[~is_part] = cut_folds(np.arange((~is_part).sum()))
    of_more[is_part] = folds[lesson.origins[is_part]]
    return folds


def cut_folds(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Cut rows into folds, at random; rows of a group (num_rows,) are in one.

    Returns the fold of each row, 0 to `NUM_FOLDS` - 1.
    """
    names, group_of_row = np.unique(groups, return_inverse=True)
    fold_of_group = np.empty(len(names), dtype=np.int64)
    fold_of_group[np.random.RandomState(0).permutation(len(names))] = np.arange(len(names)) % NUM_FOLDS
    folds: NDArray[np.int64] = fold_of_group[group_of_row]
    return folds


def _pick_rows(texts: Sequence[str], max_characters: int) -> NDArray[np.bool_]:
    """Pick the rows to learn from: all, or random ones of so many characters together."""
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    order = np.random.RandomState(0).permutation(len(texts))
    is_picked = np.zeros(len(texts), dtype=bool)
    is_picked[order[lengths[order].cumsum() <= max_characters]] = True
    return is_picked
