"""Explains an answer by the contribution of each word.

The logits are decomposed exactly. The text is compared with a reference: as many `<unk>` as it has tokens. What the two
answers differ by is divided among the embeddings in one pass backward, see `decomposition.py`. Pooling and classifier
are taken by their mean gradient at the two. What belongs to no word is spread evenly over the words: the answer to the
reference, which holds all biases, and what attention and normalization have beyond their gradients. So contributions
add up to the difference of the logits. Where a step reads several words, the division goes down to the values of each
word's vector, so that this needs no rule of its own.

Of the methods tried this is the best over three models, by what deleting the five strongest words does to the answer,
on validation reviews. `results/README.md` has the figures.
"""

import functools
import math
from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor

from hf_lstm.config import ModelConfig
from hf_lstm.encoding.encoder import Encoder
from hf_lstm.errors import InputError, NonFiniteError, abbreviate
from hf_lstm.model.explaining.decomposition import compute_input_multipliers, trace_lstm
from hf_lstm.model.explaining.page import render_explanation
from hf_lstm.nn.cpu.threads import keep_from_forking, run_in_threads
from hf_lstm.nn.network import LSTMNetwork
from hf_lstm.nn.ragged_lstm import RaggedLSTM
from hf_lstm.nn.steps import fill_steps, join_words


class Explanation(list[dict[str, Any]]):
    """Lists the words of a text with their contributions; notebooks show the text in colors.

    Args:
        words: `{"word", "start", "end", "contribution"}` of each.

    Attributes:
        text: what is explained.
        label: what positive contributions speak for.
        against: what negative ones speak for; None where that is several labels, and `not LABEL` where a text may have
            any number of them.
    """

    def __init__(self, words: Iterable[dict[str, Any]], *, text: str, label: str, against: str | None) -> None:
        super().__init__(words)
        self.text, self.label, self.against = text, label, against

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to build it anew, for pickling and copying."""
        build = functools.partial(Explanation, text=self.text, label=self.label, against=self.against)
        return build, (list(self),)

    def _repr_html_(self) -> str:
        return render_explanation(self.text, self, self.label, self.against)


def explain_text(network: LSTMNetwork, encoder: Encoder, text: str, label: str | int | None = None) -> Explanation:
    """Explain an answer by the words of the text, as `LSTMSentiment.explain` says.

    Raises:
        InputError: `text` is not a string, or there is no such label.
    """
    config = network.config
    if not isinstance(network.lstm, RaggedLSTM):
        raise InputError(f"explain needs the model's own LSTM, and not {type(network.lstm).__name__} in its place")
    label_id = None if label is None else _find_label_id(label, config)
    if not isinstance(text, str):
        raise InputError(f"the text to explain is {type(text).__name__}, expected a string: explain one by one")
    tokens = encoder.locate(text)
    ids = [token.id for token in tokens] or [config.unk_token_id]
    with keep_from_forking():
        # on one core: the products are small, and cores would wait for each other at every step
        ((contributions, total, label_id),) = run_in_threads([functools.partial(_decompose, network, ids, label_id)])
    words = [list(pieces) for _, pieces in groupby(tokens, key=attrgetter("word_index"))]
    evenly = (total - sum(contributions)) / max(1, len(words))
    remaining = iter(contributions)
    explained = []
    for pieces in words:
        start, end = pieces[0].start, pieces[-1].end
        contribution = sum(next(remaining) for _ in pieces) + evenly
        explained.append({"word": text[start:end], "start": start, "end": end, "contribution": contribution})
    against = network.problem.name_opposite(label_id)
    return Explanation(explained, text=text, label=config.label_names[label_id], against=against)


def _decompose(network: LSTMNetwork, ids: list[int], label_id: int | None) -> tuple[list[float], float, int]:
    """Compute the answer to ids, and each id's part of it.

    Returns:
        What each id adds to the answer to the reference, the answer to the ids, and the id of its label.
    """
    with torch.inference_mode(False):  # its tensors take no part in gradients, and the head's is needed
        config = network.config
        both = torch.tensor([ids, [config.unk_token_id] * len(ids)])
        both = fill_steps(both, config.words_per_step, config.pad_token_id)
        with torch.no_grad():
            embedded = network.embedding(both.to(network.device))
        embedded = embedded.to("cpu", torch.float64)  # single rows gain nothing from an accelerator
        traces = trace_lstm(network.lstm, join_words(embedded, config.words_per_step))
        total, output_multipliers, label_id = _differentiate_head(network, traces[-1].outputs, label_id)
    if not math.isfinite(total):
        raise NonFiniteError("the model answers values that are not finite: are its weights damaged?")
    multipliers = compute_input_multipliers(traces, output_multipliers).view_as(embedded[0])
    contributions = (multipliers * (embedded[0] - embedded[1])).sum(dim=-1)
    return contributions[: len(ids)].tolist(), total, label_id


def _differentiate_head(network: LSTMNetwork, outputs: Tensor, label_id: int | None) -> tuple[float, Tensor, int]:
    """Compute the answer to the first row, the rows' mean gradient, and the id of the label that it is of.

    The outputs are (2, time, features). The mean gradient is exact for what is linear, and halves the maximum between
    the steps where either row has it.
    """
    _, time, num_features = outputs.shape
    hidden_size = network.config.hidden_size
    with torch.enable_grad():
        leaf = outputs.to(network.device, torch.float32).requires_grad_()
        ends = [leaf[:, -1, :hidden_size], leaf[:, 0, hidden_size:]][: num_features // hidden_size]
        logits = network.classify(network.pooling(leaf, torch.stack(ends), torch.full((2,), time)).float())
        weights, label_id = network.problem.weigh_logits(logits[0].detach(), label_id)
        answers = logits @ weights
        has_gradient = answers.requires_grad
        gradient = torch.autograd.grad(answers.sum(), leaf, allow_unused=True)[0] if has_gradient else None
    if gradient is None:
        raise InputError("explain can't see through the model's classifier or pooling: explain the unquantized model")
    return answers[0].item(), gradient.mean(dim=0).to(outputs), label_id


def _find_label_id(label: str | int, config: ModelConfig) -> int:
    for index, name in config.id2label.items():
        if label == name or (type(label) is int and label == index):
            return index
    raise InputError(f"label {label!r}: the model has no such label; there are {abbreviate(config.label_names)}")
