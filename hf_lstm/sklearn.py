"""Trains and applies our classifiers as scikit-learn does.

So they take part in its pipelines, searches and cross-validations, with texts in the place of features.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from hf_lstm.extras import explained_imports

with explained_imports():
    from datasets import Dataset, Features, Value
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import check_is_fitted

from hf_lstm.config import ModelConfig, Recipe
from hf_lstm.config.overrides import change_settings
from hf_lstm.config.recipes.catalog import DEFAULT_RECIPE, get_recipe
from hf_lstm.data.cutting import cut_texts
from hf_lstm.data.encoded import LabeledTexts
from hf_lstm.data.splits import Splits
from hf_lstm.encoding.encoder import check_text
from hf_lstm.encoding.text_rows import iterate_rows
from hf_lstm.errors import InputError, abbreviate
from hf_lstm.evaluation.calibration import fit_config
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.model.prediction import compute_logits
from hf_lstm.nn.problem import MultiLabel
from hf_lstm.progress import dataset_bars
from hf_lstm.records.places import IN_MEMORY
from hf_lstm.rows.classes import number_classes
from hf_lstm.runtime.devices import denormals_flushed, resolve_device, resolve_precision
from hf_lstm.sources.label_feature import Labels
from hf_lstm.training.loop.epochs import train
from hf_lstm.training.setup import prepare_run

if TYPE_CHECKING:
    from sklearn.utils import Tags

_SETTINGS = (
    "words", "min_count", "max_words", "embedding_dim", "hidden_size", "dropout", "max_length_tokens", "num_epochs",
    "batch_size", "learning_rate", "class_weights", "validation_fraction",
)  # fmt: skip


class LSTMClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is not typed
    """Classifies texts with an LSTM, as an estimator of scikit-learn.

    The default recipe is a small network, which learns a thousand reviews in seconds. A part of the rows is left out
    of training: it chooses the best epoch, and calibrates the probabilities.

    Args:
        recipe: a recipe, or the name of one. What follows changes it; None keeps what it has.
        words: how texts become words.
        min_count: how often a word must occur to count.
        max_words: how many words count, the most frequent ones.
        embedding_dim: size of a word's vector.
        hidden_size: units of the LSTM, in each direction.
        dropout: share of values set to 0 in training.
        max_length_tokens: longer texts are cut.
        num_epochs: most passes over the rows.
        batch_size: rows at a time.
        learning_rate: of Adam.
        class_weights: `"balanced"`, or a number for each class: by class, `{"bad": 1, "good": 2.5}`, or in the order of
            `classes_`, in one text, `"1,2.5"`.
        validation_fraction: share of the rows that is left out of training. Of too few rows none is, and training
            chooses its epoch itself.
        settings: any other setting of a recipe, by name, as `hf_lstm.train` takes them.
        device: `cpu`, `cuda`, ..., or `auto`.
        random_state: an int gives the same model each time; None another one.

    Attributes:
        classes_: the classes, sorted, or the numbers of the label columns; the columns of `predict_proba`.
        model_: the `LSTMSentiment`, whose labels are the classes as strings: it explains, saves and pushes itself.
        n_iter_: the epochs that were trained.

    Example:
        >>> classifier = LSTMClassifier(random_state=0).fit(texts, labels)
        >>> cross_val_score(classifier, texts, labels, cv=3)
    """

    def __init__(
        self,
        *,
        recipe: str | Recipe = DEFAULT_RECIPE,
        words: str | None = None,
        min_count: int | None = None,
        max_words: int | None = None,
        embedding_dim: int | None = None,
        hidden_size: int | None = None,
        dropout: float | None = None,
        max_length_tokens: int | None = None,
        num_epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        class_weights: str | Mapping[Any, float] | None = None,
        validation_fraction: float | None = None,
        settings: dict[str, Any] | None = None,
        device: str = "auto",
        random_state: Any = None,
    ) -> None:
        self.recipe = recipe
        self.words = words
        self.min_count = min_count
        self.max_words = max_words
        self.embedding_dim = embedding_dim
        self.hidden_size = hidden_size
        self.dropout = dropout
        self.max_length_tokens = max_length_tokens
        self.num_epochs = num_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.class_weights = class_weights
        self.validation_fraction = validation_fraction
        self.settings = settings
        self.device = device
        self.random_state = random_state

    def fit(self, X: Any, y: ArrayLike) -> "LSTMClassifier":  # noqa: N803  # as scikit-learn has it
        """Train on texts and their classes.

        Args:
            X: texts: a list, an array of objects or strings, a pandas Series, or any iterable.
            y: (num_texts,) classes, of one type; or (num_texts, num_labels) of 0 and 1, where a text may have any
                number of labels.

        Raises:
            InputError: a row is not a string, `y` holds no classes or not as many as texts, or a setting is unusable.
        """
        texts = _list_texts(X)
        classes, ids = number_classes(y, len(texts))
        recipe = self._build_recipe(classes)
        labels = Labels(tuple(str(name) for name in classes), is_multi=ids.ndim == 2)
        splits = _cut_rows(texts, ids, labels, recipe)
        with torch.random.fork_rng(), denormals_flushed(), dataset_bars(False):  # the caller's random numbers stay
            run = prepare_run(recipe, resolve_device(self.device), splits=splits)
            rows, validation = run.learned, run.encoded["validation"]
            epochs = train(run.model, rows, validation, recipe.train, unlabeled=run.unlabeled, show_progress=False)
            model = run.model
            if splits["validation"] is not splits["train"]:
                model.config = _fit_config(model, validation)
        self.classes_, self.model_, self.n_iter_ = classes, model, len(epochs)
        return self

    def __sklearn_tags__(self) -> "Tags":
        """Return what scikit-learn must know: rows are texts, in one dimension."""
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array, tags.input_tags.two_d_array = True, False
        tags.input_tags.string = True
        tags.classifier_tags.multi_label = True
        return tags

    def _build_recipe(self, classes: NDArray[Any]) -> Recipe:
        """Build the recipe that the parameters describe, for these classes."""
        recipe = get_recipe(self.recipe) if isinstance(self.recipe, str) else self.recipe
        given = {name: getattr(self, name) for name in _SETTINGS if getattr(self, name) is not None}
        if isinstance(self.class_weights, Mapping):
            given["class_weights"] = _write_weights(self.class_weights, classes)
        seed = int(check_random_state(self.random_state).randint(2**31))
        return change_settings(
            recipe, {"dataset": IN_MEMORY, "seed": seed, "split_seed": seed, **given, **(self.settings or {})}
        )

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Compute the probability of each class of each text, (num_texts, num_classes).

        Rows sum to 1, unless a text may have any number of labels.
        """
        check_is_fitted(self)
        probabilities = self.model_.predict_proba(_list_texts(X), show_progress=False).double()
        if not self.model_.config.is_multi_label:
            probabilities = probabilities / probabilities.sum(dim=1, keepdim=True)
        rows: NDArray[np.float64] = probabilities.numpy()
        return rows

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """Predict the class of each text, (num_texts,), or its labels, (num_texts, num_labels) of 0 and 1."""
        probabilities = self.predict_proba(X)
        if isinstance(self.model_.problem, MultiLabel):
            return self.model_.problem.select(torch.from_numpy(probabilities).float()).numpy()
        classes: NDArray[Any] = self.classes_[probabilities.argmax(axis=1)]
        return classes


def _list_texts(texts: Any) -> list[str]:
    """List texts as strings.

    Raises:
        InputError: a row is not a string; its row is named.
    """
    if isinstance(texts, str):
        raise InputError("X is one string: expected a list of texts, so put [ ] around it")
    return [str(check_text(text, row)) for row, text in enumerate(iterate_rows(texts))]


def _write_weights(weights: Mapping[Any, float], classes: NDArray[Any]) -> str:
    """Write the weights of classes as the setting has them, in the order of the classes.

    Raises:
        InputError: a class has no weight, or there is no such class.
    """
    names = classes.tolist()
    if set(weights) != set(names):
        given, expected = (abbreviate([str(name) for name in each]) for each in (weights, names))
        said = f"class_weights are of {given or 'no class'}, but the classes of y are {expected}"
        raise InputError(f"{said}: give a number for each{'' if weights else ', or None'}")
    return ",".join(str(weights[name]) for name in names)


def _cut_rows(texts: list[str], ids: NDArray[np.int64], labels: Labels, recipe: Recipe) -> Splits:
    """Cut train and validation from rows; where there are too few, validation is train itself."""
    features = Features(text=Value("string"), label=labels.build_feature())
    column = [np.flatnonzero(marks).tolist() for marks in ids] if labels.is_multi else ids.tolist()
    rows = Dataset.from_dict({"text": texts, "label": column}, features=features)
    rest, cut = cut_texts(rows, recipe.data.validation_fraction, recipe.data.split_seed, num_others=0)
    return Splits({"train": rest, "validation": cut} if len(cut) else {"train": rows, "validation": rows}, {})


def _fit_config(model: LSTMSentiment, rows: LabeledTexts) -> ModelConfig:
    dtype = resolve_precision("auto", model.device, model=model.config)
    return fit_config(model.config, compute_logits(model, rows.texts, dtype=dtype), rows.labels)
