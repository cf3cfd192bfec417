"""Trains a tiny model for 60 steps in an output folder, and digests all that came of it."""

import functools
import hashlib
import json
import math
import random
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch

from hf_lstm.config import ModelSettings, TrainConfig
from hf_lstm.data.encoded import LabeledTexts
from hf_lstm.encoding.encoder import EncodedTexts, fill_empty
from hf_lstm.files.names import CONFIG_FILE, METRICS_FILE, RESULTS_FILE, TOKENIZER_FILE
from hf_lstm.files.writing import write_file, write_json
from hf_lstm.model.classifier import LSTMSentiment
from hf_lstm.model.weights_file import write_weights
from hf_lstm.storage import metrics_log
from hf_lstm.storage.output_folder import claim_output_folder
from hf_lstm.storage.session import Session
from hf_lstm.storage.states import divide_state
from hf_lstm.training.loop.epochs import train
from trials.crashes.saves import CountedCheckpoints, find_loss
from trials.crashes.work import Work

NUM_STEPS, STEPS_BETWEEN_SAVES = 60, 5
_SECONDS = {"elapsed_s", "log_bytes"}
"""What differs between two runs: times, and the characters that these take in the log."""
_CONFIG = TrainConfig(
    num_epochs=4,
    batch_size=8,
    learning_rate=1e-2,
    ema_decay=0.9,
    schedule="cosine",
    warmup_steps=4,
    precision="float32",
)


def train_in_folder(folder: Path) -> None:
    """Train in a folder, or go on with the run that it holds, and put the model and a digest in place."""
    rows, validation = _make_rows(120, 0), _make_rows(16, 1)
    random.seed(0)  # a forked process has other numbers than its parent
    torch.manual_seed(0)
    settings = ModelSettings(embedding_dim=4, hidden_size=4, dropout=0.3)
    model = LSTMSentiment(settings.resolve(vocab_size=20, label_names=["neg", "pos"]))
    # The log is written with each checkpoint alone: by time, a slow run would make other calls than the counted one.
    by_count = mock.patch.object(metrics_log, "MAX_DELAY_S", math.inf)
    with by_count, claim_output_folder(folder, overwrite=False, resume=True) as claimed:
        if claimed.is_finished:
            return
        checkpoints = CountedCheckpoints(claimed, every_steps=STEPS_BETWEEN_SAVES)
        log_path = claimed.work / METRICS_FILE
        train(model, rows, validation, _CONFIG, show_progress=False, session=Session(checkpoints, log_path))
        digests = {
            "state": _digest_state(checkpoints.load_latest()),
            "log": _digest_log(log_path),
            "steps": NUM_STEPS,
        }
        with claimed.fill() as staging:
            digests["weights"] = write_weights(staging, model.state_dict(), torch.float32)
            write_file(staging / METRICS_FILE, log_path.read_bytes())
            for name in (CONFIG_FILE, TOKENIZER_FILE):
                write_json(staging / name, {})
            write_json(staging / RESULTS_FILE, digests)


def read_digests(folder: Path) -> dict[str, Any] | None:
    """Read what a finished run came to; None if it is not finished."""
    path = folder / RESULTS_FILE
    found: dict[str, Any] | None = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    return found


def _make_rows(num_rows: int, seed: int) -> LabeledTexts:
    generator = np.random.default_rng(seed)
    ids = generator.integers(2, 20, (num_rows, 6)).astype(np.int32)
    texts = EncodedTexts(input_ids=ids.ravel(), offsets=np.arange(0, ids.size + 1, 6))
    return LabeledTexts(fill_empty(texts, 1), generator.integers(0, 2, num_rows))


def _digest_state(state: Any) -> str:
    """Digest weights, average, optimizer, schedule, random numbers and epochs, without the seconds."""
    tensors, said = divide_state(_drop_seconds(state))
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    for name in sorted(tensors):
        digest.update(name.encode() + tensors[name].contiguous().numpy().tobytes())
    return digest.hexdigest()


def _digest_log(path: Path) -> str:
    records = [_drop_seconds(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    return hashlib.sha256(json.dumps(records).encode()).hexdigest()


def _drop_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _drop_seconds(each) for key, each in value.items() if key not in _SECONDS}
    return [_drop_seconds(each) for each in value] if isinstance(value, list) else value


TRAINING = Work(
    "train",
    train_in_folder,
    read_digests,
    find_loss,
    lambda folder: None,
    functools.partial(claim_output_folder, overwrite=False),
)
