"""Computes the probabilities of many texts.

Rows are checked, batched by length, and answered in the order given. Memory stays flat.
"""

import contextlib
import functools
import math
from collections.abc import Callable, Iterable, Iterator, Sized
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm.auto import tqdm

from hf_lstm.config import ModelConfig
from hf_lstm.config.model import NetworkConfig
from hf_lstm.encoding.batching import collate, divide_batches, sort_batches
from hf_lstm.encoding.encoder import EncodedTexts, Encoder
from hf_lstm.encoding.scripts import warn_of_unknown
from hf_lstm.encoding.text_rows import iterate_rows
from hf_lstm.errors import InputError, NonFiniteError
from hf_lstm.nn.cpu.plan import MAX_NARROW_UNITS
from hf_lstm.nn.cpu.threads import keep_from_forking, run_in_threads
from hf_lstm.nn.network import LSTMNetwork
from hf_lstm.nn.problem import get_problem
from hf_lstm.progress import can_show_bars
from hf_lstm.runtime import memory
from hf_lstm.runtime.devices import autocast_to, resolve_precision, warn_of_emulated_weights

MAX_TOKENS_PER_BATCH = 32_768
MAX_TOKENS_PER_NARROW_BATCH = 4 * MAX_TOKENS_PER_BATCH
NARROW_STATES_PER_BATCH = 2**22
"""Narrow LSTMs get more tokens in a batch, up to so many states: their time is lost between kernel calls."""
ROWS_PER_NARROW_BATCH = 384
"""Of many texts, narrow LSTMs get batches of as many rows, whose blocks have kernels already (`MAX_NARROW_UNITS`)."""
MAX_PLACES_PER_TOKEN = 4
"""With padding, which the CPU computes little of."""
MIN_TOKENS_PER_THREAD = 2_048
PROGRESS_FROM_TEXTS = 1_000
"""Lists this long show a progress bar on terminals and in notebooks, unless told otherwise."""


def predict_probabilities(
    network: LSTMNetwork,
    encoder: Encoder,
    texts: Iterable[str],
    *,
    batch_size: int | None = None,
    precision: str = "auto",
    show_progress: bool | None = None,
) -> torch.Tensor:
    """Compute probabilities of texts, as `LSTMSentiment.predict_proba` says.

    They are float32 (num_texts, num_labels), on the CPU.

    Raises:
        InputError: `texts` is no iterable of strings, or as `stream_probabilities`.
        NonFiniteError: as `compute_logits`.
    """
    texts = iterate_rows(texts)
    num_texts = len(texts) if isinstance(texts, Sized) else None
    if show_progress is None:
        show_progress = num_texts is not None and num_texts >= PROGRESS_FROM_TEXTS and can_show_bars()
    windows = []
    # A bar that is not shown takes its lock all the same, which a process forked meanwhile would find closed.
    bar = tqdm(total=num_texts, desc="predict", unit="text") if show_progress else None
    with bar or contextlib.nullcontext():
        for window in stream_probabilities(network, encoder, texts, batch_size=batch_size, precision=precision):
            windows.append(window)
            if bar is not None:
                bar.update(len(window))
    return torch.cat(windows) if windows else torch.empty(0, network.config.num_labels, dtype=torch.float32)


def stream_probabilities(
    network: LSTMNetwork,
    encoder: Encoder,
    texts: Iterable[str],
    *,
    batch_size: int | None = None,
    precision: str = "auto",
) -> Iterator[torch.Tensor]:
    """Yield probabilities window by window, in the order given.

    Each window is float32 (up to `memory.WINDOW_TEXTS`, num_labels). `texts` are read as they are needed, so that an
    endless or huge iterable takes no more memory than a window of it.

    Raises:
        InputError: `batch_size` or `precision` is none that can be; or, once it is reached, a row is not a string.
        NonFiniteError: as `compute_logits`.
    """
    is_number = isinstance(batch_size, (int, np.integer)) and not isinstance(batch_size, bool)
    if batch_size is not None and not (is_number and batch_size >= 1):
        raise InputError(f"batch_size is {batch_size!r}, but must be a whole number of at least 1")
    config, problem = network.config, network.problem
    dtype = resolve_precision(precision, network.device, model=config)
    for number, encoded in enumerate(_encode_windows(encoder, texts)):
        if number == 0:
            warn_of_unknown(encoded, config.unk_token_id, "the texts")
        yield problem.calibrate(compute_logits(network, encoded, dtype=dtype, batch_size=batch_size))


def _encode_windows(encoder: Encoder, texts: Iterable[str]) -> Iterator[EncodedTexts]:
    """Yield texts window by window, encoded; they are read as they are needed."""
    remaining, num_done = iter(texts), 0
    while window := list(islice(remaining, memory.WINDOW_TEXTS)):
        yield encoder.encode(window, first_row=num_done)
        num_done += len(window)


def compute_logits(
    network: LSTMNetwork, texts: EncodedTexts, *, dtype: torch.dtype, batch_size: int | None = None
) -> torch.Tensor:
    """Compute logits of encoded texts, in their order and in `dtype`.

    They are float32 (num_texts, num_labels), on the CPU. The model runs in evaluation mode; its own mode is left
    alone, since other threads may use it.

    Raises:
        NonFiniteError: a logit is not finite, which would otherwise pass for a confident answer.
    """
    logits = torch.empty(len(texts), network.config.num_labels, dtype=torch.float32, device="cpu")
    _fill_rows(logits, network, texts, lambda network: network, dtype=dtype, batch_size=batch_size)
    return logits


def compute_features(network: LSTMNetwork, texts: EncodedTexts, *, dtype: torch.dtype) -> torch.Tensor:
    """Compute the features of encoded texts, float32 (num_texts, num_features), on the CPU.

    They are computed in `dtype`, as `compute_logits` computes logits, and raise the same.
    """
    features = torch.empty(len(texts), network.pooling.num_features, dtype=torch.float32, device="cpu")
    _fill_rows(features, network, texts, lambda network: network.compute_features, dtype=dtype)
    return features


def _fill_rows(
    filled: torch.Tensor,
    network: LSTMNetwork,
    texts: EncodedTexts,
    choose: Callable[[LSTMNetwork], Callable[[torch.Tensor, torch.Tensor], torch.Tensor]],
    *,
    dtype: torch.dtype,
    batch_size: int | None = None,
) -> None:
    """Fill each row with what the network computes of its text.

    Args:
        filled: (num_texts, values), on the CPU.
        network: is looked at in evaluation mode.
        texts: a row each.
        choose: takes the network, and gives what computes (batch, values) of ids and lengths.
        dtype: to compute in.
        batch_size: texts per batch; by default batches hold about equally many tokens.
    """
    device = network.device
    if device.type == "meta":
        raise InputError("the model's weights are on the device meta, without values: load it anew")
    if dtype == torch.float32:
        warn_of_emulated_weights(network.dtype, device)
    # Once, where there are more tokens than words: for each batch, it took a tenth of a small model's time.
    casts = dtype == torch.bfloat16 and device.type == "cpu" and len(texts.input_ids) > network.config.vocab_size
    compute = choose(network.view_in_evaluation_mode(word_dtype=dtype if casts else None))

    def fill_batch(rows: NDArray[np.int64]) -> None:
        batch = collate(texts, rows, pad_token_id=network.config.pad_token_id)
        with keep_from_forking(), torch.inference_mode(), autocast_to(dtype, device):
            filled[torch.from_numpy(rows)] = compute(batch.input_ids.to(device), batch.lengths).cpu()

    num_threads = torch.get_num_threads() if device.type == "cpu" else 1
    if batch_size is not None:
        batches = list(sort_batches(texts.lengths, batch_size=batch_size))
    else:
        batches = _divide_texts(texts.lengths, network.config, num_threads)
    if device.type == "cpu" and len(batches) >= num_threads:
        # A thread that has batches of its own waits for no other; one batch at a time is shared by all.
        run_in_threads([functools.partial(fill_batch, rows) for rows in batches])
    else:
        for rows in batches:
            fill_batch(rows)
    if not torch.isfinite(filled).all():
        raise NonFiniteError("the model answers values that are not finite: are its weights damaged?")


def _divide_texts(lengths: NDArray[np.int64], config: NetworkConfig, num_threads: int) -> list[NDArray[np.int64]]:
    """Divide texts of these lengths into batches of row numbers."""
    most = _limit_tokens(config)
    max_places = MAX_PLACES_PER_TOKEN * most
    if config.hidden_size <= MAX_NARROW_UNITS and len(lengths) >= 2 * num_threads * ROWS_PER_NARROW_BATCH:
        batches = list(sort_batches(lengths, max_tokens=max_places, batch_size=ROWS_PER_NARROW_BATCH))
        return batches[::-1]  # the longest first, so that threads end together
    num_batches = _choose_num_batches(int(lengths.sum()), num_threads, most)
    return divide_batches(lengths, num_batches, max_places=max_places)


def _limit_tokens(config: NetworkConfig) -> int:
    """Return how many tokens a batch may have."""
    narrow = NARROW_STATES_PER_BATCH // (config.num_layers * config.num_directions * config.hidden_size)
    return max(MAX_TOKENS_PER_BATCH, min(narrow, MAX_TOKENS_PER_NARROW_BATCH))


def _choose_num_batches(num_tokens: int, num_threads: int, max_tokens: int) -> int:
    """Choose the number of batches, as many for each thread.

    It is one for all threads if the share of each would be too small.
    """
    if num_tokens < num_threads * MIN_TOKENS_PER_THREAD:
        return 1
    return num_threads * math.ceil(num_tokens / (num_threads * max_tokens))


def embed_texts(network: LSTMNetwork, encoder: Encoder, texts: Iterable[str], *, precision: str) -> torch.Tensor:
    """Compute the features of texts, as `LSTMSentiment.embed` says.

    Raises:
        InputError: a row is not a string, or `precision` is none that can be.
        NonFiniteError: as `compute_logits`.
    """
    dtype = resolve_precision(precision, network.device, model=network.config)
    encoded = _encode_windows(encoder, iterate_rows(texts))
    windows = [compute_features(network, window, dtype=dtype) for window in encoded]
    return torch.cat(windows) if windows else torch.empty(0, network.pooling.num_features, dtype=torch.float32)


def compute_probabilities(logits: torch.Tensor, config: ModelConfig) -> NDArray[np.float32]:
    """Compute calibrated probabilities, float32 (num_rows, num_labels)."""
    probabilities: NDArray[np.float32] = get_problem(config).calibrate(logits).numpy()
    return probabilities
