"""Reports' records, for tests of what is made of them."""

import numpy as np
import torch
from run_records import make_config

from hf_lstm.evaluation.scoring import measure_logits
from hf_lstm.records.report import Measurement, Mistake, MistakenLabels, WordContribution
from hf_lstm.records.results import Epoch, EpochFigures


def make_epoch(number, train, validation):
    """An epoch with the loss and the accuracy on train and on validation."""
    figures = [EpochFigures(loss=loss, accuracy=accuracy) for loss, accuracy in (train, validation)]
    return Epoch(epoch=number, is_best=True, train=figures[0], validation=figures[1], elapsed_s=70.0)


def make_rows(num_rows, num_labels, seed=0):
    """Random probabilities and the true labels of as many rows."""
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.ones(num_labels), num_rows).astype(np.float32)
    return probabilities, random.integers(0, num_labels, num_rows)


def make_metrics(names, num_rows=500):
    """The figures of random answers, with these labels."""
    probabilities, labels = make_rows(num_rows, len(names))
    return measure_logits(torch.from_numpy(np.log(probabilities)), labels, make_config(names))


def make_measurement(metrics, epochs=()):
    return Measurement(
        model="packed-lstm", num_parameters=2_867_049, dataset="stanfordnlp/imdb", split="test",
        split_sha256="cd" * 32, device="cpu", precision="float32", temperature=1.0, max_length_tokens=256,
        metrics=metrics, calibration={}, epochs=list(epochs), best_epoch=1 if epochs else None, elapsed_s=333.0,
        is_own_data=True,
    )  # fmt: skip


def make_mistaken_labels(label, predicted, *, num_rows, row, score, text, word):
    """A pair of labels with one mistake, where `word` of the text, with what it adds, speaks for the wrong one."""
    name, contribution = word
    start = text.index(name)
    words = [WordContribution(word=name, start=start, end=start + len(name), contribution=contribution)]
    mistake = Mistake(row=row, label=label, predicted=predicted, score=score, words=words, text=text)
    return MistakenLabels(label=label, predicted=predicted, num_rows=num_rows, most_confident=[mistake])
