"""Computes the probabilities of many texts.

Rows are checked, batched by length, and answered in the order given. Memory stays flat.
"""

import contextlib
import functools
import math
from collections.abc import Iterable, Iterator, Sequence, Sized
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm.auto import tqdm

from hf_lstm.devices import autocast_to, resolve_precision
from hf_lstm.errors import InputError, NonFiniteError
from hf_lstm.nn.cpu_threads import keep_from_forking, run_in_threads
from hf_lstm.nn.network import LSTMNetwork
from hf_lstm.progress import can_show_bars
from hf_lstm.tokenization.batching import collate, divide_batches, sort_batches
from hf_lstm.tokenization.encoder import EncodedTexts, Encoder
from hf_lstm.tokenization.row_checks import iterate_rows
from hf_lstm.tokenization.scripts import warn_of_unknown

MAX_TOKENS_PER_BATCH = 32_768
MAX_PLACES_PER_BATCH = 4 * MAX_TOKENS_PER_BATCH
"""With padding, which the CPU computes little of."""
MIN_TOKENS_PER_THREAD = 2_048
WINDOW_TEXTS = 8_192
"""Texts that are held, sorted and batched at a time; beyond them, only oneDNN's cache of kernels grows."""
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
        RuntimeError: as `compute_logits`.
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

    Each window is float32 (up to `WINDOW_TEXTS`, num_labels). `texts` are read as they are needed, so that an endless
    or huge iterable takes no more memory than a window of it.

    Raises:
        InputError: `batch_size` or `precision` is none that can be; or, once it is reached, a row is not a string.
        RuntimeError: as `compute_logits`.
    """
    is_number = isinstance(batch_size, (int, np.integer)) and not isinstance(batch_size, bool)
    if batch_size is not None and not (is_number and batch_size >= 1):
        raise InputError(f"batch_size is {batch_size!r}, but must be a whole number of at least 1")
    config = network.config
    dtype = resolve_precision(precision, network.device, hidden_size=config.hidden_size)
    remaining = iter(texts)
    num_done = 0
    while window := list(islice(remaining, WINDOW_TEXTS)):
        encoded = encoder.encode(window, first_row=num_done)
        if num_done == 0:
            warn_of_unknown(encoded, config.unk_token_id, "the texts")
        logits = compute_logits(network, encoded, dtype=dtype, batch_size=batch_size)
        yield calibrate(logits, config.temperature)
        num_done += len(window)


def compute_logits(
    network: LSTMNetwork, texts: EncodedTexts, *, dtype: torch.dtype, batch_size: int | None = None
) -> torch.Tensor:
    """Compute logits of encoded texts, in their order and in `dtype`.

    They are float32 (num_texts, num_labels), on the CPU. The model runs in evaluation mode; its own mode is left
    alone, since other threads may use it.

    Raises:
        RuntimeError: a logit is not finite, which would otherwise pass for a confident answer.
    """
    device = network.device
    if device.type == "meta":
        raise InputError("the model's weights are on the device meta, without values: load it anew")
    logits = torch.empty(len(texts), network.config.num_labels, dtype=torch.float32, device="cpu")
    network = network.view_in_evaluation_mode()

    def score_batch(rows: NDArray[np.int64]) -> None:
        batch = collate(texts, rows, pad_token_id=network.config.pad_token_id)
        with keep_from_forking(), torch.inference_mode(), autocast_to(dtype, device):
            logits[torch.from_numpy(rows)] = network(batch.input_ids.to(device), batch.lengths).cpu()

    num_threads = torch.get_num_threads() if device.type == "cpu" else 1
    if batch_size is not None:
        batches = list(sort_batches(texts.lengths, batch_size=batch_size))
    else:
        num_batches = _choose_num_batches(int(texts.lengths.sum()), num_threads)
        batches = divide_batches(texts.lengths, num_batches, max_places=MAX_PLACES_PER_BATCH)
    if device.type == "cpu" and len(batches) >= num_threads:
        # A thread that has batches of its own waits for no other; one batch at a time is shared by all.
        run_in_threads([functools.partial(score_batch, rows) for rows in batches])
    else:
        for rows in batches:
            score_batch(rows)
    if not torch.isfinite(logits).all():
        raise NonFiniteError("the model answers values that are not finite: are its weights damaged?")
    return logits


def _choose_num_batches(num_tokens: int, num_threads: int) -> int:
    """Choose the number of batches, as many for each thread.

    It is one for all threads if the share of each would be too small.
    """
    if num_tokens < num_threads * MIN_TOKENS_PER_THREAD:
        return 1
    return num_threads * math.ceil(num_tokens / (num_threads * MAX_TOKENS_PER_BATCH))


def name_labels(probabilities: torch.Tensor, label_names: Sequence[str]) -> list[dict[str, Any]]:
    """Name the most probable label of each row, with its probability.

    Args:
        probabilities: (num_texts, num_labels).
        label_names: in the order of the columns.

    Returns:
        `{"label", "score"}` of each row.
    """
    scores, labels = probabilities.max(dim=1)
    return [
        {"label": label_names[label], "score": score}
        for label, score in zip(labels.tolist(), scores.tolist(), strict=True)
    ]


def compute_probabilities(logits: torch.Tensor, temperature: float) -> NDArray[np.float32]:
    """Compute softmax(logits / temperature), float32 (num_rows, num_labels)."""
    probabilities: NDArray[np.float32] = calibrate(logits, temperature).numpy()
    return probabilities


def calibrate(logits: torch.Tensor, temperature: float) -> torch.Tensor:
    """Compute softmax(logits / temperature), float32 (num_rows, num_labels), as a tensor."""
    return (logits / temperature).softmax(dim=1)
