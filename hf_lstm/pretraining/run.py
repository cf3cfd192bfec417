"""Runs a language model's recipe from its texts to its folder."""

import dataclasses
import functools
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer

from hf_lstm.config.model import MAX_LENGTH, NetworkConfig
from hf_lstm.config.pretrain import PretrainRecipe
from hf_lstm.data.digests import hash_texts
from hf_lstm.encoding.encoder import EncodedTexts, Encoder
from hf_lstm.errors import InputError
from hf_lstm.files.names import METRICS_FILE, RECIPE_FILE, RESULTS_FILE
from hf_lstm.files.reading import read_json
from hf_lstm.files.writing import write_file, write_json
from hf_lstm.model.provenance import write_recipe
from hf_lstm.pretraining.folder import write_language_model
from hf_lstm.pretraining.language_model import LanguageModel
from hf_lstm.pretraining.loop import pretrain, start_pretraining
from hf_lstm.pretraining.state import PretrainRun
from hf_lstm.pretraining.texts import PretrainingTexts, gather_texts
from hf_lstm.progress import can_show_bars
from hf_lstm.provenance import describe_code
from hf_lstm.records.places import strip_command, strip_recipe
from hf_lstm.records.pretraining import PretrainEpoch, PretrainResults, PretrainTexts
from hf_lstm.records.reading import read_record, to_json
from hf_lstm.runtime.devices import flush_denormals, name_dtype, resolve_device
from hf_lstm.storage.checkpoints import DEFAULT_MINUTES
from hf_lstm.storage.identity import check_identity, compare, refuse_finished
from hf_lstm.storage.output_folder import OutputFolder
from hf_lstm.storage.session import open_session, read_finished
from hf_lstm.tokenization.build import find_special_ids, train_tokenizer
from hf_lstm.tracking.tracked import tracked
from hf_lstm.tracking.trackers import check_tracker

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class PretrainOptions:
    """Holds the options of one run, which do not belong to its recipe."""

    has_dataset: bool = True
    """Whether the texts of `recipe.data` are read, and not those of the unlabeled file alone."""
    device: str = "auto"
    command: str = ""
    """The command line, as written into results.json."""
    show_progress: bool = True
    checkpoint_minutes: float = DEFAULT_MINUTES
    """Between two checkpoints."""
    track: str | None = None
    """Shows the run while it trains: `trackio`, `tensorboard` or `wandb`."""
    checkpoint_steps: int | None = None
    """Steps between two checkpoints, which then are saved at the end of each epoch, too."""


@dataclass(frozen=True)
class EncodedTextSplits:
    """Holds the texts of a run as token ids, whole."""

    texts: PretrainingTexts
    train: EncodedTexts
    validation: EncodedTexts
    tokenizer: Tokenizer
    config: NetworkConfig


def run_pretraining(recipe: PretrainRecipe, options: PretrainOptions, folder: OutputFolder) -> PretrainResults:
    """Train a language model, save it, and return its results.

    Args:
        recipe: what to run.
        options: how to.
        folder: where to, claimed for this run. An unfinished run in it is resumed; of a finished one the results are
            returned.

    Raises:
        InputError: the texts, a setting or the output folder is unusable, or differs from that of the run to resume.
        StorageError: the disk is full or fails.
        DivergenceError: training diverged.
    """
    check_tracker(options.track)
    asked = recipe.to_json()
    check_data = functools.partial(_check_texts, recipe, options, folder)
    if (finished := read_finished(folder, PretrainResults, asked, check_data)) is not None:
        return finished
    flush_denormals()
    device, code = resolve_device(options.device), describe_code()
    settings = {section: asked[section] for section in ("data", "tokenizer", "model", "pretrain")}
    session = open_session(
        folder,
        settings,
        {"device": str(device), "num_threads": torch.get_num_threads(), "code": code},
        every_minutes=options.checkpoint_minutes,
        every_steps=options.checkpoint_steps,
    )
    encoded = encode_texts(recipe, has_dataset=options.has_dataset)
    digest = hash_texts(encoded.texts.train)
    check_identity(folder.identity, {"data": {"texts_sha256": digest}}, must_be_equal=True)
    run = build_run(recipe, encoded, device)
    logger.info(
        "model: %s parameters, vocabulary %s, %s steps of %s pieces, on %s in %s",
        *(f"{number:,}" for number in (run.model.num_parameters, encoded.config.vocab_size, run.num_steps)),
        recipe.pretrain.batch_size,
        device,
        name_dtype(run.dtype),
    )
    stripped = PretrainRecipe.from_json(strip_recipe(recipe.to_json()), RECIPE_FILE)
    with tracked(session, options.track, folder, stripped.to_json()):
        show_progress = options.show_progress and can_show_bars()
        epochs = pretrain(run, encoded.validation, session=session, show_progress=show_progress)
    with folder.fill() as staging:
        weights_sha256 = write_language_model(staging, run.model, encoded.tokenizer)
        results = PretrainResults(
            recipe=recipe.name,
            command=strip_command(options.command),
            texts=describe_texts(stripped, encoded, digest, has_dataset=options.has_dataset),
            weights_sha256=weights_sha256,
            num_parameters=run.model.num_parameters,
            vocab_size=encoded.config.vocab_size,
            seed=recipe.pretrain.seed,
            device=str(device),
            precision=name_dtype(run.dtype),
            num_threads=torch.get_num_threads(),
            versions=code["versions"],
            commit=code["commit"],
            epochs=epochs,
            tokens_per_s=_measure_speed(epochs),
            elapsed_s=session.elapsed_s,
        )
        write_recipe(staging, recipe.to_json(), command=options.command)
        write_json(staging / RESULTS_FILE, to_json(results))
        write_file(staging / METRICS_FILE, (folder.work / METRICS_FILE).read_bytes())
    return results


def encode_texts(recipe: PretrainRecipe, *, has_dataset: bool) -> EncodedTextSplits:
    """Gather a recipe's texts, train its tokenizer on those to read, and encode all.

    Raises:
        InputError: they are unusable, or no word is left for the vocabulary.
    """
    config = recipe.pretrain
    texts = gather_texts(recipe.data, config.unlabeled, seed=config.seed, has_dataset=has_dataset)
    tokenizer = train_tokenizer(texts.train, recipe.tokenizer)
    pad_token_id, unk_token_id = find_special_ids(tokenizer)
    settings = dataclasses.asdict(recipe.model)
    network = NetworkConfig(
        **settings, vocab_size=tokenizer.get_vocab_size(), pad_token_id=pad_token_id, unk_token_id=unk_token_id
    )
    # Whole texts: a long one is cut into pieces, which are all read.
    encoder = Encoder(tokenizer, dataclasses.replace(network, max_length_tokens=MAX_LENGTH, truncation="first"))
    return EncodedTextSplits(texts, encoder.encode(texts.train), encoder.encode(texts.validation), tokenizer, network)


def build_run(recipe: PretrainRecipe, encoded: EncodedTextSplits, device: torch.device) -> PretrainRun:
    """Build a recipe's run at step 0, with weights drawn from its seed.

    Raises:
        InputError: a text has no second word.
    """
    if not (encoded.train.lengths > 1).any():
        raise InputError("no text has two words, so that one could be predicted from the other")
    torch.manual_seed(recipe.pretrain.seed)
    return start_pretraining(LanguageModel(encoded.config).to(device), encoded.train, recipe.pretrain)


def describe_texts(
    recipe: PretrainRecipe, encoded: EncodedTextSplits, digest: str, *, has_dataset: bool
) -> PretrainTexts:
    """Describe the texts of a run, for its results."""
    splits = {"train": encoded.train, "validation": encoded.validation}
    return PretrainTexts(
        dataset=recipe.data.dataset if has_dataset else None,
        unlabeled=recipe.pretrain.unlabeled,
        num_texts={name: len(split) for name, split in splits.items()},
        num_tokens={name: len(split.input_ids) for name, split in splits.items()},
        unknown_share={
            name: float((split.input_ids == encoded.config.unk_token_id).mean()) for name, split in splits.items()
        },
        num_left_out=encoded.texts.num_left_out,
        texts_sha256=digest,
    )


def _check_texts(recipe: PretrainRecipe, options: PretrainOptions, folder: OutputFolder) -> None:
    """Refuse to take a finished run for one on other texts."""
    known = read_record(PretrainResults, read_json(folder.path / RESULTS_FILE), RESULTS_FILE).texts
    config = recipe.pretrain
    texts = gather_texts(recipe.data, config.unlabeled, seed=config.seed, has_dataset=options.has_dataset)
    num_texts = {"train": len(texts.train), "validation": len(texts.validation)}
    differences = compare(
        {"num_texts": known.num_texts, "texts_sha256": known.texts_sha256},
        {"num_texts": num_texts, "texts_sha256": hash_texts(texts.train)},
    )
    refuse_finished(folder.path, differences)


def _measure_speed(epochs: Sequence[PretrainEpoch]) -> float:
    return sum(epoch.num_tokens for epoch in epochs) / sum(epoch.elapsed_s for epoch in epochs)
