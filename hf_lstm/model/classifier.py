"""Keeps text classifiers: loads, saves and pushes them, with what they were made of and what was measured.

Its methods are thin; the work is done elsewhere.
"""

# No `from __future__ import annotations` here: the Hub mixin reads the annotation of `config` to build the dataclass.

import dataclasses
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from huggingface_hub import PyTorchModelHubMixin
from tokenizers import Tokenizer

from hf_lstm.config import DataConfig, ModelConfig, Recipe
from hf_lstm.errors import InputError
from hf_lstm.files.names import CARD_FILE, expand_home
from hf_lstm.files.reading import MAX_TEXT_BYTES, read_bytes
from hf_lstm.files.replacement import replace_files
from hf_lstm.files.writing import make_folder
from hf_lstm.hub.download import fetch_model_folder
from hf_lstm.model.folder import read_config, read_tokenizer, write_model
from hf_lstm.model.provenance import Provenance, list_stale_files, read_provenance, write_provenance
from hf_lstm.model.text_classifier import TextClassifier
from hf_lstm.model.weights_file import read_weights
from hf_lstm.nn.initialization import SkipInitialization
from hf_lstm.records.renaming import choose_names
from hf_lstm.records.results import RunResults
from hf_lstm.runtime.devices import resolve_device

if TYPE_CHECKING:  # what writes cards and pushes is imported where it is done: predicting starts faster
    from hf_lstm.hub.cards.metadata import CardChoices


class LSTMSentiment(TextClassifier, PyTorchModelHubMixin, library_name="hf_lstm", tags=["lstm"]):
    """Classifies texts with an LSTM and its tokenizer.

    Args:
        config: the network and its labels.
        tokenizer: turns text into ids; needed by `predict`, `predict_proba` and saving, not by the forward pass.

    Example:
        >>> model = LSTMSentiment.from_pretrained("flagship")
        >>> model.predict("A wonderful film.")
        {'label': 'pos', 'score': 0.96}
    """

    def __init__(self, config: ModelConfig, tokenizer: Tokenizer | None = None) -> None:
        super().__init__(config, tokenizer)
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
        new_names = choose_names(self.config.label_names, names)
        config = dataclasses.replace(self.config, id2label=dict(enumerate(new_names)))
        if self._provenance.results is not None and self.results is None:
            raise InputError("the results of the model are of other labels: set model.config back before renaming")
        self._provenance = self._provenance.rename_labels(names, config)
        self.config = config

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
            pretrained_model_name_or_path: Hub id such as `org/imdb-lstm`, a folder, or `flagship` or
                `flagship-tiny`, which come along.
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
        with torch.device("meta"), SkipInitialization():  # shapes only: the file is compared with them first
            model = cls(config)
        shapes = {name: tensor.shape for name, tensor in model.state_dict().items()}
        model.load_state_dict(read_weights(folder, shapes), strict=True, assign=True)
        model.tokenizer = read_tokenizer(folder, config)
        model._provenance = read_provenance(folder)
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
        from hf_lstm.hub.cards.metadata import CardChoices

        name = os.fspath(save_directory) if isinstance(save_directory, str | os.PathLike) else ""
        if not name or "\0" in name:
            raise InputError(
                f"save_directory is {save_directory!r}; expected the name of a folder, as '.' for this one"
            )
        choices = CardChoices(license=license, language=language)
        self._save_with_card(expand_home(name), repo_id, choices, overwrite_card=overwrite_card)

    def _save_with_card(
        self,
        folder: Path,
        repo_id: str | None,
        choices: "CardChoices",
        *,
        overwrite_card: bool = False,
        shows_examples: bool | None = None,
    ) -> None:
        """Write the model and its card; the arguments are those of `write_card`."""
        from hf_lstm.hub.cards.card import write_card

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
                digest = write_model(staging, self.require_weights(), self.config, self.require_tokenizer())
                provenance = self._provenance.drop_stale_results(digest, self.config)
                write_provenance(staging, provenance)
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
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise InputError(f"folder {folder} cannot be written: {reason}; choose another") from None

    def push_to_hub(  # type: ignore[override]  # explicit, as above
        self,
        repo_id: str,
        *,
        revision: str | None = None,
        create_pr: bool = False,
        private: bool | None = None,
        token: str | None = None,
        commit_message: str | None = None,
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
        from hf_lstm.hub.cards.metadata import CardChoices, get_data_source
        from hf_lstm.hub.privacy import is_data_public
        from hf_lstm.hub.push import DEFAULT_MESSAGE, push_model_folder, require_login, resolve_repo_id

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
                commit_message=commit_message or DEFAULT_MESSAGE,
                overwrite_card=overwrite_card,
                publish_examples=publish_examples,
                is_public=is_public,
            )
