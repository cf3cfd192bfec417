"""Plans how threads and kernel calls share a batch."""

import dataclasses

import torch
from torch import Tensor

from hf_lstm.nn.cpu.segments import BFLOAT16_TILE, RowGroup, group_rows

MIN_ROWS_PER_THREAD = 4
# A segment's backward pass needs a block of memory. glibc has up to 64 MiB at hand for a thread; larger ones come
# from the system each time anew, zeroed page by page: a fifth of a training step.
MAX_WORKSPACE_BYTES = 48 * 2**20
WORKSPACE_BYTES_PER_FEATURE = 64  # at each place, at most; of the larger of features and units
# Wide layers train in Python's own steps, whose products are large enough for the calls between them. In float32 they
# gain nothing by it: PyTorch's kernel trains 512 units at four fifths of the speed of large products (AVX2).
MIN_WIDE_UNITS = 512
WIDE_DTYPES = frozenset({torch.bfloat16})
WIDE_WORKSPACE_BYTES_PER_FEATURE = 16
# Without a backward pass, a segment's states are read again at once, from a core's own cache if they fit into it.
MAX_STATES_BYTES = 2 * 2**20
# Compiling a kernel for another block takes 1 ms, in which a layer of 32 units reads 5,000 tokens: up to a quarter of
# the time of new texts. So narrow layers predict many rows in blocks of few sizes, longer ones where few rows end. Some
# 3 % are added as padding.
MAX_NARROW_UNITS = 64


@dataclasses.dataclass(frozen=True, slots=True)
class LayerPlan:
    """Says how a batch runs through a layer, and in which dtype."""

    groups: list[RowGroup]
    num_directions: int
    hidden_size: int
    dtype: torch.dtype


def is_wide(hidden_size: int, dtype: torch.dtype) -> bool:
    """Return whether a layer trains in large products of its own, rather than in PyTorch's kernel.

    Its units may be those before they are padded to tiles, or after.
    """
    num_units = -(-hidden_size // BFLOAT16_TILE) * BFLOAT16_TILE
    return num_units >= MIN_WIDE_UNITS and dtype in WIDE_DTYPES


def plan_layer(
    lengths: Tensor,
    time: int,
    *,
    num_directions: int,
    hidden_size: int,
    widest_input: int,
    dtype: torch.dtype,
    need_cell_states: bool,
) -> LayerPlan:
    """Plan how right-padded rows run through a layer.

    It is made for as many threads as `torch.get_num_threads` allows.

    Args:
        lengths: int64 `(batch,)`, each in 1..time.
        time: steps of the padded batch.
        num_directions: 2 where each row is also read from its end, else 1.
        hidden_size: units per direction.
        widest_input: the most features per step that a layer reads.
        dtype: to compute in.
        need_cell_states: whether the layer returns them at the rows' ends, which takes more segments.
    """
    if torch.is_grad_enabled():
        wide = is_wide(hidden_size, dtype)
        bytes_per_feature = WIDE_WORKSPACE_BYTES_PER_FEATURE if wide else WORKSPACE_BYTES_PER_FEATURE
        max_places = MAX_WORKSPACE_BYTES // (bytes_per_feature * max(hidden_size, widest_input))
    else:
        max_places = MAX_STATES_BYTES // (dtype.itemsize * hidden_size)
    groups = group_rows(
        lengths,
        time,
        num_groups=max(1, min(torch.get_num_threads() // num_directions, len(lengths) // MIN_ROWS_PER_THREAD)),
        num_directions=num_directions,
        row_multiple=BFLOAT16_TILE if dtype == torch.bfloat16 and not need_cell_states else 1,
        max_places=max_places,
        cut_at_each_length=need_cell_states,
        rounds_steps=not (torch.is_grad_enabled() or need_cell_states),
        recurs=not (torch.is_grad_enabled() or need_cell_states) and hidden_size <= MAX_NARROW_UNITS,
    )
    return LayerPlan(groups, num_directions, hidden_size, dtype)
