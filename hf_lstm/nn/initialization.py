"""Draws the first weights of a network."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode


def initialize(embedding: nn.Embedding, lstm: nn.LSTM, classifier: nn.Linear, kind: str) -> None:
    """Draw first weights of the kind wanted, from the global random state.

    What `kind` leaves to PyTorch stays as it is.

    Args:
        embedding: of the words.
        lstm: above it.
        classifier: on top.
        kind: as `ModelConfig.initialization`.
    """
    if kind == "xavier_orthogonal":
        _initialize_orthogonally(embedding, lstm, classifier)
    elif kind == "open_forget_gate":
        _open_forget_gates(lstm)
    elif kind == "keras":
        _initialize_as_keras(embedding, lstm, classifier)


def _initialize_orthogonally(embedding: nn.Embedding, lstm: nn.LSTM, classifier: nn.Linear) -> None:
    nn.init.xavier_normal_(embedding.weight)
    nn.init.xavier_normal_(classifier.weight)
    nn.init.zeros_(classifier.bias)
    for name, parameter in lstm.named_parameters():
        if name.startswith("weight"):
            nn.init.orthogonal_(parameter)
        else:
            nn.init.zeros_(parameter)


def _initialize_as_keras(embedding: nn.Embedding, lstm: nn.LSTM, classifier: nn.Linear) -> None:
    nn.init.uniform_(embedding.weight, -0.05, 0.05)
    nn.init.xavier_uniform_(classifier.weight)
    nn.init.zeros_(classifier.bias)
    for name, parameter in lstm.named_parameters():
        if name.startswith("weight_ih"):
            nn.init.xavier_uniform_(parameter)
        elif name.startswith("bias"):
            nn.init.zeros_(parameter)
    _open_forget_gates(lstm)


@torch.no_grad()
def _open_forget_gates(lstm: nn.LSTM) -> None:
    """Make recurrent weights orthogonal, and set the forget gates' bias to 1.

    Reference:
        Jozefowicz et al., "An Empirical Exploration of Recurrent Network Architectures" (2015).
    """
    hidden_size = lstm.hidden_size
    for name, parameter in lstm.named_parameters():
        if name.startswith("weight_hh"):
            nn.init.orthogonal_(parameter)
        elif name.startswith("bias"):  # gates stand in the order input, forget, cell, output; the two biases add up
            parameter[hidden_size : 2 * hidden_size] = 1.0 if name.startswith("bias_ih") else 0.0


class SkipInitialization(TorchFunctionMode):
    """Keeps modules from drawing their weights, within a `with` block.

    The weights stay as allocated, to be assigned later. On the meta device, drawing values has PyTorch import its
    compiler, which takes longer than all else in loading a model.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Call `func`, or return its tensor untouched if it would draw values."""
        kwargs = kwargs or {}
        if getattr(func, "__module__", None) == "torch.nn.init":
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        return func(*args, **kwargs)
