"""How a layer's batch is divided among threads and kernel calls, and the calls of one direction over some rows."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from hf_lstm.ragged_rows import RowGroup, Segment, group_rows

MIN_ROWS_PER_THREAD = 4
# The bfloat16 kernel has tiles of 16 rows by 16 units, reads features in pairs, and is up to 5 times slower otherwise.
BFLOAT16_TILE = 16
# A segment's backward pass needs a block of memory. glibc has up to 64 MiB at hand for a thread; larger ones come
# from the system each time anew, zeroed page by page: a fifth of a training step.
MAX_WORKSPACE_BYTES = 48 * 2**20
WORKSPACE_BYTES_PER_FEATURE = 64  # at each place, at most; of the larger of features and units
# Without a backward pass, a segment's states are read again at once, from a core's own cache if they fit into it.
MAX_STATES_BYTES = 2 * 2**20
NUM_WEIGHTS = 4  # of a direction: weight_ih, weight_hh, bias_ih, bias_hh


@dataclasses.dataclass(frozen=True, slots=True)
class LayerPlan:
    """How a batch runs through a layer, and in which dtype."""

    groups: list[RowGroup]
    num_directions: int
    hidden_size: int
    dtype: torch.dtype


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
    """Return a plan for right-padded rows, for as many threads as `torch.get_num_threads` allows.

    Args:
        lengths: int64 `(batch,)`, each in 1..time.
        time: steps of the padded batch.
        num_directions: 2 where each row is also read from its end, else 1.
        hidden_size: units per direction.
        widest_input: features per step of the layer that reads most of them.
        dtype: to compute in.
        need_cell_states: have the layer return them at the rows' ends, which takes more segments.
    """
    if torch.is_grad_enabled():
        max_places = MAX_WORKSPACE_BYTES // (WORKSPACE_BYTES_PER_FEATURE * max(hidden_size, widest_input))
    else:
        max_places = MAX_STATES_BYTES // (dtype.itemsize * hidden_size)
    groups = group_rows(
        lengths,
        time,
        num_groups=max(1, min(torch.get_num_threads() // num_directions, len(lengths) // MIN_ROWS_PER_THREAD)),
        row_multiple=BFLOAT16_TILE if dtype == torch.bfloat16 and not need_cell_states else 1,
        max_places=max_places,
        cut_at_each_length=need_cell_states,
    )
    return LayerPlan(groups, num_directions, hidden_size, dtype)


def pad_to_tiles(plan: LayerPlan, weights: Sequence[Tensor]) -> Sequence[Tensor]:
    """Return weights for as many features and units as the kernel is fast with.

    Those that come on top have zero weights: such units stay zero and change nothing.
    """
    hidden_size, input_size = plan.hidden_size, weights[0].shape[1]
    num_features = max(BFLOAT16_TILE, input_size + input_size % 2)
    num_units = -(-hidden_size // BFLOAT16_TILE) * BFLOAT16_TILE
    if plan.dtype != torch.bfloat16 or (num_features, num_units) == (input_size, hidden_size):
        return weights
    features, units = (0, num_features - input_size), (0, num_units - hidden_size)
    missing = itertools.cycle([features + units, units + units, units, units])
    by_gate = [weight.reshape(4, hidden_size, *weight.shape[1:]) for weight in weights]
    return [functional.pad(gates, padding).flatten(0, 1) for gates, padding in zip(by_gate, missing, strict=False)]


def run_segments(
    group: RowGroup, direction: int, read: Callable[[Tensor], Tensor], weights: Sequence[Tensor], *, records: bool
) -> Iterator[tuple[Segment, Tensor, Tensor, list[Tensor]]]:
    """Run some rows through one direction of a layer, segment after segment.

    Args:
        group: the rows.
        direction: 0 forward, 1 reverse.
        read: returns the features `(places, input_size)` of tokens, which count the flattened `(batch, time)`.
        weights: of the direction, in the dtype to compute in, and padded to the kernel's tiles.
        records: for a backward pass.

    Yields:
        The segment, its states `(steps, rows, units)`, the cell states of its ending rows, and the graph's leaves.
    """
    num_features, num_units = weights[0].shape[1], weights[1].shape[1]
    h = c = weights[0].new_zeros(1, group.segments[0].num_rows, num_units)
    for segment in group.segments:
        block = pad_columns(read(segment.tokens[direction]).to(h.dtype), num_features)
        leaves = [block.view(segment.num_steps, segment.num_rows, num_features), *weights]
        if records:  # no two segments share a leaf, so that its gradients can be added up in float32
            leaves = [leaf.detach().requires_grad_() for leaf in leaves]
        with torch.set_grad_enabled(records):
            states = (h[:, : segment.num_rows], c[:, : segment.num_rows])
            block, h, c = torch.lstm(leaves[0], states, leaves[1:], True, 1, 0.0, records, False, False)
            ending = c[0, segment.ending]
        yield segment, block, ending, leaves


def pad_columns(values: Tensor, num_columns: int) -> Tensor:
    """Return `(rows, columns)` with columns of zeros added up to `num_columns`."""
    missing = num_columns - values.shape[1]
    return functional.pad(values, (0, missing)) if missing else values
