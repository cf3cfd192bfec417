"""Joins network and tokenizer in one model.

Its methods load, save, predict and explain; the work is done elsewhere.
"""

# No `from __future__ import annotations` here: the Hub mixin reads the annotation of `config` to build the dataclass.

import dataclasses
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
import torch
from huggingface_hub import PyTorchModelHubMixin
from numpy.typing import NDArray
from tokenizers import Tokenizer

from hf_lstm.config import DataConfig, ModelConfig, Recipe
from hf_lstm.devices import resolve_device
from hf_lstm.encoding.encoder import EncodedTexts, Encoder
from hf_lstm.encoding.row_checks import iterate_rows
from hf_lstm.errors import InputError, abbreviate
from hf_lstm.files import CARD_FILE, MAX_TEXT_BYTES, WEIGHTS_FILE, make_folder, read_bytes
from hf_lstm.hub.cards.card import write_card
from hf_lstm.hub.cards.metadata import CardChoices, get_data_source
from hf_lstm.hub.download import fetch_model_folder
from hf_lstm.hub.publication import is_data_public
from hf_lstm.hub.push import DEFAULT_MESSAGE, push_model_folder, require_login, resolve_repo_id
from hf_lstm.model.explanation import Explanation, explain_text
from hf_lstm.model.folder import (
    Provenance,
    list_stale_files,
    read_config,
    read_provenance,
    read_tokenizer,
    write_model,
    write_provenance,
)
from hf_lstm.model.prediction import check_top_k, embed_texts, name_labels, predict_probabilities, rank_labels
from hf_lstm.model.weights_file import check_header, read_weights
from hf_lstm.nn.initialization import SkipInitialization
from hf_lstm.nn.network import LSTMNetwork
from hf_lstm.records.results import RunResults
from hf_lstm.replacement import replace_files


class LSTMSentiment(LSTMNetwork, PyTorchModelHubMixin, library_name="hf_lstm", tags=["lstm"]):
    """Classifies texts with an LSTM and its tokenizer.

    Args:
        config: the network and its labels.
        tokenizer: turns text into ids; needed by `predict`, `predict_proba` and saving, not by the forward pass.

    Example:
        >>> model = LSTMSentiment.from_pretrained("org/imdb-lstm")
        >>> model.predict("A wonderful film.")
        {'label': 'pos', 'score': 0.98}
    """

    def __init__(self, config: ModelConfig, tokenizer: Tokenizer | None = None) -> None:
        super().__init__(config)
        self.tokenizer = tokenizer
        self._encoder: tuple[Tokenizer, ModelConfig, Encoder] | None = None
        self._provenance = Provenance()

    @property
    def recipe(self) -> Recipe | None:
        """Return the recipe of the weights, from recipe.json.

        None if it was not saved.

        Raises:
            InputError: recipe.json is not what a run writes.
        """
        return self._provenance.recipe

    @property
    def results(self) -> RunResults | None:
        """Return the results measured of the loaded weights, from results.json.

        None if it was not saved, or is of other labels than the model's.

        Raises:
            InputError: results.json is not what a run writes.
        """
        results = self._provenance.results
        return results if results is not None and results.is_of_labels(self.config.label_names) else None

    @property
    def training_data(self) -> DataConfig | None:
        """Return how to load the data that the model was trained on: `recipe.data`, with their path if they are here.

        None if the recipe was not saved.

        Raises:
            InputError: recipe.json is not what a run writes.
        """
        return self._provenance.training_data

    @property
    def encoder(self) -> Encoder:
        """Return the tokenizer's fast form.

        It is made once for each tokenizer and config of the model.

        Raises:
            InputError: the model has no tokenizer.
        """
        tokenizer = self.require_tokenizer()
        if self._encoder is None or self._encoder[0] is not tokenizer or self._encoder[1] is not self.config:
            self._encoder = (tokenizer, self.config, Encoder(tokenizer, self.config))
        return self._encoder[2]

    @property
    def labels(self) -> list[str]:
        """Return the names of the labels, in the order of the columns of `predict_proba`."""
        return self.config.label_names

    def __repr__(self) -> str:
        """Describe the model in one line; `print(model.lstm)` shows a module of it."""
        config = self.config
        directions = f"{config.num_directions}x" if config.bidirectional else ""
        layers = f"{config.num_layers} layers of " if config.num_layers > 1 else ""
        return (
            f"{type(self).__name__}({len(self.labels)} labels: {abbreviate(self.labels)}; "
            f"{config.vocab_size:,} words, {layers}{directions}{config.hidden_size} units, {config.pooling} pooling; "
            f"{self.num_parameters:,} parameters on {self.device})"
        )

    def rename_labels(self, names: Mapping[str, str]) -> None:
        """Rename labels, in what the model answers and in its recipe and results; the weights stay as they are.

        A report is not saved with the new names, as its plots show the old ones: `hf-lstm evaluate` writes a new one.

        Args:
            names: the new name of each label to rename, as in `{"0": "neg", "1": "pos"}`. They may change places.

        Raises:
            InputError: a label is not known, a name is blank or no string, or two labels get the same one; nothing is
                renamed.

        Example:
            >>> model.rename_labels({"neg": "negative", "pos": "positive"})
            >>> model.save_pretrained("renamed")
        """
        if not isinstance(names, Mapping):
            raise InputError(f"names is a {type(names).__name__}; expected a dict of new names by the old ones")
        old_names = self.config.label_names
        for old, new in names.items():
            if old not in old_names:
                raise InputError(f"label {old!r}: the model has no such label; there are {abbreviate(old_names)}")
            if not isinstance(new, str) or not new.strip():
                raise InputError(f"label {old!r}: its new name is {new!r}; expected a text that is not blank")
        new_names = [names.get(old, old) for old in old_names]
        twice = sorted({name for name in new_names if new_names.count(name) > 1})
        if twice:
            raise InputError(f"two labels would be named {twice[0]!r}; each needs a name of its own")
        config = dataclasses.replace(self.config, id2label=dict(enumerate(new_names)))
        if self._provenance.results is not None and self.results is None:
            raise InputError("the results of the model are of other labels: set model.config back before renaming")
        self._provenance = self._provenance.rename_labels(names, config)
        self.config = config

    def require_tokenizer(self) -> Tokenizer:
        """Return the tokenizer.

        Raises:
            InputError: the model has none.
        """
        if self.tokenizer is None:
            raise InputError("the model has no tokenizer; build it as LSTMSentiment(config, tokenizer)")
        return self.tokenizer

    def require_weights(self) -> dict[str, torch.Tensor]:
        """Return the weights by name, for a file.

        Raises:
            InputError: a module was quantized, wrapped or pruned, so that no file of this format has its weights.
        """
        with torch.device("meta"), SkipInitialization():
            expected = {name: tensor.shape for name, tensor in type(self)(self.config).state_dict().items()}
        weights = self.state_dict()
        for name in sorted({*expected, *weights}):
            if getattr(weights.get(name), "shape", None) != expected.get(name, ()):
                what = "is not as config says" if name in weights else "is missing"
                raise InputError(
                    f"the weights can't be written: {name} {what}, as in models that are quantized, wrapped or "
                    "pruned; save or export the model as it was before"
                )
        return weights

    @overload
    def encode(self, texts: str) -> NDArray[np.int32]: ...  # type: ignore[overload-overlap]  # as in `predict`

    @overload
    def encode(self, texts: Iterable[str]) -> EncodedTexts: ...

    def encode(self, texts: str | Iterable[str]) -> NDArray[np.int32] | EncodedTexts:
        """Encode texts into the model's token ids.

        One text gives int32 (num_tokens,). Of more, `encode(texts)[i]` is that. Texts are cut as `config` says. One
        without words is the single token `<unk>`.

        Raises:
            InputError: a row is not a string; its row is named.
        """
        if isinstance(texts, str):
            return self.encoder.encode([texts])[0]
        return self.encoder.encode(list(iterate_rows(texts)))

    def embed(self, texts: str | Iterable[str], *, precision: str = "auto") -> torch.Tensor:
        """Compute the features of each text: what the LSTM makes of it, and the classifier gets.

        They are good for search, clusters, and classifiers of other labels.

        Args:
            texts: one text, or any iterable of them.
            precision: as in `predict`; the features are float32 in any case.

        Returns:
            float32 (num_texts, num_features) on the CPU, in the order given; `.numpy()` gives an array without a copy.
            There are `hidden_size` features for each direction, and twice as many with `pooling="mean_max"`.

        Raises:
            InputError: a row is not a string; its row is named.
            NonFiniteError: the model computes values that are not finite.
        """
        return embed_texts(self, self.encoder, [texts] if isinstance(texts, str) else texts, precision=precision)

    @overload
    def predict(  # type: ignore[overload-overlap]  # a string is an iterable of strings too; it comes first
        self,
        texts: str,
        *,
        top_k: Literal[""] = ...,
        batch_size: int | None = ...,
        precision: str = ...,
        show_progress: bool | None = ...,
    ) -> dict[str, Any]: ...

    @overload
    def predict(
        self,
        texts: Iterable[str],
        *,
        top_k: Literal[""] = ...,
        batch_size: int | None = ...,
        precision: str = ...,
        show_progress: bool | None = ...,
    ) -> list[dict[str, Any]]: ...

    @overload
    def predict(  # type: ignore[overload-overlap]
        self,
        texts: str,
        *,
        top_k: int | None,
        batch_size: int | None = ...,
        precision: str = ...,
        show_progress: bool | None = ...,
    ) -> list[dict[str, Any]]: ...

    @overload
    def predict(
        self,
        texts: Iterable[str],
        *,
        top_k: int | None,
        batch_size: int | None = ...,
        precision: str = ...,
        show_progress: bool | None = ...,
    ) -> list[list[dict[str, Any]]]: ...

    def predict(
        self,
        texts: str | Iterable[str],
        *,
        top_k: int | Literal[""] | None = "",
        batch_size: int | None = None,
        precision: str = "auto",
        show_progress: bool | None = None,
    ) -> dict[str, Any] | list[dict[str, Any]] | list[list[dict[str, Any]]]:
        """Predict the label of each text, with its probability, in the order given.

        A text with no known word (empty, blank, other script) is scored all the same: as the single token `<unk>`, or
        as one `<unk>` for each of its words.

        Where a text may have any number of labels, its answer is a list: those whose probability reaches their
        threshold, the most probable first. It is empty if the text has none of them.

        Args:
            texts: one text, which gives one dict, or any iterable of them, which gives a list.
            top_k: how many labels, the most probable first, as a list for each text; None for all. It is the argument
                of that name of a pipeline of `transformers`, which answers alike. Without it, a text has one dict, or a
                list of the labels that it has.
            batch_size: texts per batch; by default batches hold about equally many tokens.
            precision: `float32`, `bfloat16`, or `auto` for what `devices.resolve_precision` says of this model.
            show_progress: show a progress bar; by default of long lists, on terminals and in notebooks.

        Raises:
            InputError: a row is not a string, and its row is named; or `top_k` is no number of labels.
            NonFiniteError: the model answers values that are not finite.
        """
        if top_k != "":
            check_top_k(top_k)
        probabilities = self.predict_proba(
            texts, batch_size=batch_size, precision=precision, show_progress=show_progress
        )
        if top_k == "":
            answers = name_labels(probabilities, self.config)
            return answers[0] if isinstance(texts, str) else answers
        ranked = rank_labels(probabilities, self.labels, top_k)
        return ranked[0] if isinstance(texts, str) else ranked

    def predict_proba(
        self,
        texts: str | Iterable[str],
        *,
        batch_size: int | None = None,
        precision: str = "auto",
        show_progress: bool | None = None,
    ) -> torch.Tensor:
        """Compute the probabilities of all labels for each text.

        The arguments, and what is raised, are those of `predict`.

        Returns:
            float32 (num_texts, num_labels) on the CPU. Rows sum to 1, unless a text may have any number of labels.
        """
        return predict_probabilities(
            self,
            self.encoder,
            [texts] if isinstance(texts, str) else texts,
            batch_size=batch_size,
            precision=precision,
            show_progress=show_progress,
        )

    def explain(self, text: str, *, label: str | int | None = None) -> Explanation:
        """Explain an answer by the contribution of each word.

        With two labels, contributions add up to the logit of label 1 less that of label 0, so that a positive one
        speaks for label 1. With more, or where a `label` is asked for, they add up to that label's logit less the mean
        of the others; by default it is the predicted label. Where a text may have any number of labels, they add up to
        the label's logit alone; by default it is the first one that `predict` gives, or if that is none, the most
        probable one. What belongs to no word, such as biases, is spread evenly. See `explanation.py` for the method.

        Args:
            text: one text.
            label: the name or id of the label to explain.

        Returns:
            `{"word", "start", "end", "contribution"}` of each word, in the order of the text, with
            `text[start:end] == word`. It is a list, which notebooks show as the text in colors. Words beyond the
            model's longest text, which it does not read, are left out; unknown words are not. A text without words
            gives an empty list.

        Raises:
            InputError: `text` is not a string, or there is no such label.
        """
        return explain_text(self, self.encoder, text, label)

    @classmethod
    def from_pretrained(  # type: ignore[override]  # the mixin's **model_kwargs would swallow misspelt arguments
        cls,
        pretrained_model_name_or_path: str | Path,
        *,
        revision: str | None = None,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
        force_download: bool = False,
        local_files_only: bool = False,
        device: str = "cpu",
    ) -> "LSTMSentiment":
        """Load a model from the Hub or a local folder, in evaluation mode.

        Weights and tokenizer are of one version.

        Args:
            pretrained_model_name_or_path: Hub id such as `org/imdb-lstm`, or a folder.
            revision: branch, tag or commit on the Hub.
            token: access token; by default `HF_TOKEN` or the client's login.
            cache_dir: where downloads are kept; by default the client's cache.
            force_download: download even what is cached.
            local_files_only: use the cache alone.
            device: `cpu`, `cuda`, ..., or `auto` for an accelerator where there is one.

        Raises:
            InputError: nothing is found there, it cannot be reached, or a file is damaged or does not fit the others.
        """
        folder = fetch_model_folder(
            pretrained_model_name_or_path,
            revision=revision,
            token=token,
            cache_dir=cache_dir,
            force_download=force_download,
            local_files_only=local_files_only,
        )
        config = read_config(folder)
        # Shapes only: sizes are compared with the file before any memory is taken.
        with torch.device("meta"), SkipInitialization():
            model = cls(config)
        shapes = {name: tensor.shape for name, tensor in model.state_dict().items()}
        check_header(folder / WEIGHTS_FILE, shapes)
        model.tokenizer = read_tokenizer(folder, config)
        model._provenance = read_provenance(folder)
        model.load_state_dict(read_weights(folder, shapes), strict=True, assign=True)
        return model.to(resolve_device(device)).eval()

    def save_pretrained(  # type: ignore[override]  # explicit, as above
        self,
        save_directory: str | Path,
        *,
        repo_id: str | None = None,
        license: str | None = None,
        language: str | None = None,
        overwrite_card: bool = False,
    ) -> None:
        """Write weights, config, tokenizer, card and provenance into a folder.

        The report of the run goes along if the weights are still those that were loaded with it.

        A card that somebody edited (it lacks our marker) is kept, unless `overwrite_card`.

        Another model there is replaced as one: whenever the process dies, the folder loads as one of both.

        Args:
            save_directory: the folder; it is made if need be.
            repo_id: where the model will live on the Hub, for the card's usage example.
            license: of the weights, for the card, such as `apache-2.0`; nobody else can choose one. By default that of
                an earlier card, of this folder or the one that the model was loaded from.
            language: of the texts, for the card, such as `en`; by default as with the licence, and for models of IMDB
                known without asking.
            overwrite_card: replace an edited README.md too.

        Raises:
            InputError: the model has no tokenizer or one of another size, a module of it was quantized, wrapped or
                pruned, or the folder cannot be written.
            StorageError: the disk is full or fails. In all these cases nothing is written.
        """
        choices = CardChoices(license=license, language=language)
        self._save_with_card(Path(save_directory), repo_id, choices, overwrite_card=overwrite_card)

    def _save_with_card(
        self,
        folder: Path,
        repo_id: str | None,
        choices: CardChoices,
        *,
        overwrite_card: bool = False,
        shows_examples: bool | None = None,
    ) -> None:
        """Write the model and its card; the arguments are those of `write_card`."""
        if (num_entries := self.require_tokenizer().get_vocab_size()) != self.config.vocab_size:
            raise InputError(
                f"the tokenizer has {num_entries} entries, but the model's vocab_size is {self.config.vocab_size}; "
                "save a model with the tokenizer that it was trained with"
            )
        try:
            make_folder(folder)
            with replace_files(folder, lambda: list_stale_files(folder, self._provenance)) as staging:
                if (folder / CARD_FILE).is_file():  # to be kept, or asked for licence and language
                    (staging / CARD_FILE).write_bytes(read_bytes(folder / CARD_FILE, MAX_TEXT_BYTES))
                provenance = self._save(staging)
                write_card(
                    staging,
                    config=self.config,
                    recipe=provenance.recipe,
                    results=provenance.results,
                    repo_id=repo_id,
                    choices=choices,
                    loaded_from=self._provenance.folder,
                    overwrite=overwrite_card,
                    shows_examples=shows_examples,
                )
        except OSError as error:
            raise InputError(f"folder {folder} cannot be written: {error.strerror}; choose another") from None

    def _save_pretrained(self, save_directory: Path) -> None:  # what the mixin would call
        self._save(save_directory)

    def _save(self, folder: Path) -> Provenance:
        """Write all but the card, and return the provenance of these weights."""
        digest = write_model(folder, self.require_weights(), self.config, self.require_tokenizer())
        provenance = self._provenance.drop_stale_results(digest, self.config)
        write_provenance(folder, provenance)
        return provenance

    def push_to_hub(  # type: ignore[override]  # explicit, as above
        self,
        repo_id: str,
        *,
        revision: str | None = None,
        create_pr: bool = False,
        private: bool | None = None,
        token: str | None = None,
        commit_message: str = DEFAULT_MESSAGE,
        license: str | None = None,
        language: str | None = None,
        overwrite_card: bool = False,
        publish_examples: bool = False,
    ) -> str:
        """Push the model to the Hub, and return the commit's URL.

        With `create_pr` it is that of the pull request. The repository is made if need be. The arguments are those of
        `save_pretrained` and of `hub.push.push_model_folder`. Texts of data that not anybody can read are only pushed
        with `publish_examples`. The names of the labels and the words of the vocabulary are always pushed.

        Raises:
            InputError: not logged in, not permitted, or the Hub cannot be reached after retries.
        """
        repo_id = resolve_repo_id(repo_id, require_login(token))
        source = get_data_source(self.recipe, self.results)
        is_public = is_data_public(source, self.results.dataset.rows_sha256 if self.results else None)
        choices = CardChoices(license=license, language=language)
        with tempfile.TemporaryDirectory() as folder:
            self._save_with_card(Path(folder), repo_id, choices, shows_examples=is_public or publish_examples)
            return push_model_folder(
                folder,
                repo_id,
                revision=revision,
                create_pr=create_pr,
                private=private,
                token=token,
                commit_message=commit_message,
                overwrite_card=overwrite_card,
                publish_examples=publish_examples,
            )
