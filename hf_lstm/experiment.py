"""A recipe's whole run: data, tokenizer, model, training, and the measured, saved result."""

import hashlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from datasets import disable_progress_bars, enable_progress_bars
from tokenizers import Tokenizer

from hf_lstm import model_files
from hf_lstm.batching import LabeledTexts, encode_split
from hf_lstm.calibration import fit_temperature
from hf_lstm.card import write_card
from hf_lstm.checkpointing import staged_folder
from hf_lstm.config import ModelConfig, Recipe, TrainConfig
from hf_lstm.data import count_duplicates, digest_rows, load_splits
from hf_lstm.devices import flush_denormals, name_dtype, resolve_device, resolve_precision
from hf_lstm.embeddings import check_dimension, initialize_embedding, measure_coverage, read_word_vectors
from hf_lstm.errors import InputError
from hf_lstm.evaluation import measure_logits
from hf_lstm.modeling import LSTMSentiment
from hf_lstm.prediction import compute_logits
from hf_lstm.provenance import find_commit, list_versions
from hf_lstm.report import ScoredSplit, report_run
from hf_lstm.starting_point import load_starting_point
from hf_lstm.tokenization import find_special_ids, train_tokenizer
from hf_lstm.training import train
from hf_lstm.vector_files import fetch_vector_file

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What belongs to this one run rather than to the recipe."""

    output_dir: Path
    device: str = "auto"
    text_column: str | None = None
    label_column: str | None = None
    repo_id: str | None = None
    """Where the model will be pushed, for its card."""
    command: str = ""
    """The command line, as written into results.json."""
    overwrite: bool = False
    show_progress: bool = True
    model_class: type[LSTMSentiment] = LSTMSentiment
    """What is built, trained and measured: the model, or a subclass with a forward pass of its own."""


def run_experiment(recipe: Recipe, options: RunOptions) -> dict[str, Any]:
    """Train a recipe, save the model folder, measure exactly the saved weights, and return what results.json says.

    Raises:
        InputError: the data, a setting or the output folder is unusable; nothing is left behind.
        DivergenceError: training diverged; nothing is left behind.
    """
    started = time.perf_counter()
    flush_denormals()
    device = resolve_device(options.device)
    versions, commit = list_versions(), find_commit()  # now: what is committed while this runs is not what runs
    (enable_progress_bars if options.show_progress else disable_progress_bars)()
    with staged_folder(options.output_dir, overwrite=options.overwrite) as staging:
        start = None if recipe.train.init_from is None else load_starting_point(recipe.train.init_from)
        vector_file = _find_vectors(recipe)
        splits = load_splits(recipe.data, text_column=options.text_column, label_column=options.label_column)
        logger.info("data: %s", ", ".join(f"{name} {len(split):,} rows" for name, split in splits.items()))
        label_names = splits["train"].features["label"].names
        if start is None:
            tokenizer = train_tokenizer(splits["train"]["text"], recipe.tokenizer)
            config = _resolve_config(recipe, tokenizer, label_names)
        else:
            tokenizer, config = start.tokenizer, start.resolve(label_names)
            recipe = replace(recipe, tokenizer=start.read_tokenizer_config() or recipe.tokenizer)
        encoded = {name: encode_split(split, tokenizer, config) for name, split in splits.items()}
        torch.manual_seed(recipe.train.seed)
        model = _build_model(options.model_class, config, tokenizer).to(device)
        model.recipe = replace(recipe, model=config).to_dict()
        started_from = None if start is None else start.copy_weights(model)
        logger.info(
            "model: %s parameters, vocabulary %s, on %s", f"{model.num_parameters:,}", f"{config.vocab_size:,}", device
        )
        coverage = None if vector_file is None else _use_vectors(model, vector_file, recipe.train, encoded["train"])

        epochs = train(
            model, encoded["train"], encoded["validation"], recipe.train, show_progress=options.show_progress
        )

        model.save_pretrained(staging, repo_id=options.repo_id)
        dtype = resolve_precision(recipe.train.precision, device, hidden_size=config.hidden_size)
        saved = options.model_class.from_pretrained(staging, device=str(device))
        scored = {
            name: ScoredSplit(name, rows, encoded[name].labels, compute_logits(saved, encoded[name].texts, dtype=dtype))
            for name, rows in splits.items()
        }
        temperature = fit_temperature(scored["validation"].logits, scored["validation"].labels)
        saved.config = replace(saved.config, temperature=temperature)
        saved.recipe = replace(recipe, model=saved.config).to_dict()
        weights = (staging / model_files.WEIGHTS_FILE).read_bytes()
        saved.results = {
            "recipe": recipe.name,
            "command": options.command,
            "dataset": {
                "source": recipe.data.dataset,
                "num_rows": {name: len(split) for name, split in splits.items()},
                "duplicates": count_duplicates(splits),
                "rows_sha256": digest_rows(splits),
            },
            "weights_sha256": hashlib.sha256(weights).hexdigest(),
            "model": {"num_parameters": saved.num_parameters, "vocab_size": config.vocab_size},
            **({"embeddings": coverage} if coverage else {}),
            **({"init_from": started_from} if started_from else {}),
            "seed": recipe.train.seed,
            "device": str(device),
            "precision": name_dtype(resolve_precision(recipe.train.precision, device, hidden_size=None)),
            "measured_in": name_dtype(dtype),
            "num_threads": torch.get_num_threads(),
            "versions": versions,
            "commit": commit,
            "epochs": epochs,
            "best_epoch": max(record["epoch"] for record in epochs if record["is_best"]),
            "temperature": temperature,
            "splits": {
                name: measure_logits(split.logits, split.labels, saved.config) for name, split in scored.items()
            },
            "elapsed_s": time.perf_counter() - started,
        }
        saved.save_pretrained(staging, repo_id=options.repo_id)
    report_started = time.perf_counter()  # the model is safe in its place by now
    report_folder = options.output_dir / model_files.REPORT_FOLDER
    seen = {name: set(splits[name]["text"][:]) for name in ("train", "validation")}
    report_run(saved, scored["test"], seen, report_folder)
    write_card(  # again, now that there is a report to show
        options.output_dir, config=saved.config, recipe=saved.recipe, results=saved.results, repo_id=options.repo_id
    )
    logger.info("report: %s, in %.1f s", report_folder, time.perf_counter() - report_started)
    return saved.results


def _resolve_config(recipe: Recipe, tokenizer: Tokenizer, label_names: Sequence[str]) -> ModelConfig:
    pad_token_id, unk_token_id = find_special_ids(tokenizer)
    return recipe.model.resolve(
        vocab_size=tokenizer.get_vocab_size(),
        label_names=label_names,
        pad_token_id=pad_token_id,
        unk_token_id=unk_token_id,
    )


def _find_vectors(recipe: Recipe) -> Path | None:
    """Return the file of pretrained vectors, checked before any work is done; None if the recipe has none."""
    if recipe.train.embeddings is None:
        return None
    path = fetch_vector_file(recipe.train.embeddings, recipe.model.embedding_dim)
    check_dimension(path, recipe.model.embedding_dim)
    return path


def _use_vectors(model: LSTMSentiment, path: Path, config: TrainConfig, train_split: LabeledTexts) -> dict[str, Any]:
    """Put pretrained vectors into the model's embedding, and return what results.json says of them."""
    assert model.tokenizer is not None
    found = read_word_vectors(path, model.tokenizer.get_vocab(), model.config.embedding_dim)
    initialize_embedding(model.embedding, found, missing=config.missing_vectors)
    model.embedding.weight.requires_grad_(not config.freeze_embeddings)  # neither steps nor decay touch it then
    vocab_size, train_ids = model.embedding.num_embeddings, train_split.texts.input_ids
    coverage = measure_coverage(found, vocab_size=vocab_size, train_ids=train_ids)
    logger.info(
        "embeddings: %s of %s vocabulary entries (%.2f %%) and %.2f %% of the tokens of train have a vector in %s",
        f"{coverage['num_found']:,}",
        f"{coverage['num_entries']:,}",
        100 * coverage["share_of_vocabulary"],
        100 * coverage["share_of_train_tokens"],
        path.name,
    )
    return {"source": config.embeddings, "file": path.name, "is_frozen": config.freeze_embeddings, **coverage}


def _build_model(model_class: type[LSTMSentiment], config: ModelConfig, tokenizer: Tokenizer) -> LSTMSentiment:
    try:
        return model_class(config, tokenizer)
    except RuntimeError as error:
        if "allocate" not in str(error):
            raise
        raise InputError(
            f"the model does not fit into memory with model.hidden_size={config.hidden_size}, "
            f"model.embedding_dim={config.embedding_dim}: make them smaller"
        ) from None
