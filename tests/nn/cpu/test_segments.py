import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hf_lstm.nn.cpu.plan import is_wide
from hf_lstm.nn.cpu.segments import (  # fmt: skip
    BFLOAT16_TILE,
    CALL_COST,
    MIN_RECURRING_ROWS,
    MIN_STEPS,
    RowGroup,
    group_rows,
)
from hf_lstm.runtime.devices import MAX_CACHED_KERNELS

row_lengths = st.one_of(
    st.lists(st.integers(1, 50), min_size=num_rows, max_size=80) for num_rows in (1, MIN_RECURRING_ROWS)
).map(torch.tensor)


def count_places(group: RowGroup) -> int:
    return sum(segment.num_steps * segment.num_rows for segment in group.segments)


layouts = st.fixed_dictionaries(
    {"num_groups": st.integers(1, 4)},
    optional={
        "row_multiple": st.sampled_from([8, 16]),
        "max_places": st.integers(1, 500),
        "cut_at_each_length": st.booleans(),
        "rounds_steps": st.booleans(),
        "recurs": st.booleans(),
    },
)


@given(row_lengths, layouts, st.integers(0, 3))
def test_each_token_is_read_once_in_each_direction(lengths, layout, more_padding):
    time = int(lengths.max()) + more_padding
    groups = group_rows(lengths, time, **layout)
    expected = [row * time + step for row, length in enumerate(lengths.tolist()) for step in range(length)]
    for direction in (0, 1):
        segments = [segment for group in groups for segment in group.segments]
        tokens = torch.cat([segment.tokens[direction][segment.list_real_places()] for segment in segments])
        assert tokens.sort().values.tolist() == expected


@given(row_lengths, layouts)
def test_a_row_is_read_step_by_step_from_either_end(lengths, layout):
    time = int(lengths.max())
    for group in group_rows(lengths, time, **layout):
        for place, row in enumerate(group.rows.tolist()):
            steps: tuple[list[int], list[int]] = ([], [])
            for segment in group.segments:
                if place < segment.num_rows:
                    for direction in (0, 1):
                        block = segment.tokens[direction].view(segment.num_steps, segment.num_rows)
                        steps[direction].extend((block[:, place] - row * time).tolist())
            length = int(lengths[row])
            assert steps[0][:length] == list(range(length))
            assert steps[1][:length] == list(range(length))[::-1]
            assert all(0 <= step < length for direction in steps for step in direction)  # no padding is ever read


@given(row_lengths, layouts)
def test_segments_only_lose_rows_and_each_row_ends_once(lengths, layout):
    row_multiple = layout.get("row_multiple", 1)
    for group in group_rows(lengths, 50, **layout):
        num_rows = [segment.num_rows for segment in group.segments]
        assert num_rows == sorted(num_rows, reverse=True)
        assert all(rows <= row_multiple or rows % row_multiple == 0 for rows in num_rows)
        ending = np.concatenate([group.rows[segment.ending_rows] for segment in group.segments])
        assert sorted(ending) == sorted(group.rows)


@given(row_lengths)
def test_segments_cost_no_more_than_a_single_one(lengths):
    (group,) = group_rows(lengths, 50, num_groups=1)
    single = int(lengths.max()) * len(lengths) + CALL_COST
    assert count_places(group) + CALL_COST * len(group.segments) <= single


@given(row_lengths)
def test_cut_at_each_length_leaves_no_padding(lengths):
    (group,) = group_rows(lengths, 50, num_groups=1, cut_at_each_length=True)
    assert count_places(group) == int(lengths.sum())
    assert not any(len(segment.padding_places) for segment in group.segments)


@given(row_lengths, st.integers(1, 500))
def test_segments_are_no_larger_than_allowed(lengths, max_places):
    (group,) = group_rows(lengths, 50, num_groups=1, max_places=max_places)
    for segment in group.segments:
        assert segment.num_steps <= MIN_STEPS or segment.num_steps * segment.num_rows <= max_places


def test_rows_of_one_length_are_one_block_in_their_order():
    (group,) = group_rows(torch.full((32,), 40), 40, num_groups=1, row_multiple=16)
    (segment,) = group.segments
    assert (segment.num_steps, segment.num_rows, len(segment.padding_places)) == (40, 32, 0)
    assert group.rows.tolist() == list(range(32))


@pytest.mark.parametrize("num_groups", [1, 2, 3])
def test_groups_are_alike_and_lose_most_of_the_padding(num_groups):
    lengths = torch.from_numpy(np.random.default_rng(0).integers(1, 256, 60))
    groups = group_rows(lengths, 256, num_groups=num_groups)
    places = [count_places(group) for group in groups]
    assert len(groups) == num_groups
    assert max(places) < 1.15 * min(places)
    assert sum(places) - int(lengths.sum()) < 0.25 * (60 * 256 - int(lengths.sum()))


def test_many_rows_of_a_narrow_layer_share_few_kernels_at_little_cost():
    shapes, num_places, num_real = set(), 0, 0
    for seed in range(4):
        lengths = np.minimum(np.random.default_rng(seed).lognormal(5.2, 0.7, 2_048).astype(int) + 1, 400)
        for batch in np.split(np.sort(lengths), 8):
            for group in group_rows(torch.from_numpy(batch), 400, num_groups=1, row_multiple=16, recurs=True):
                shapes |= {(segment.num_steps, segment.num_rows) for segment in group.segments}
                num_places += count_places(group)
        num_real += lengths.sum()
    assert len(shapes) < MAX_CACHED_KERNELS / 4
    assert num_places < 1.05 * num_real


def test_texts_alone_share_few_numbers_of_steps_and_long_or_many_ones_are_not_rounded():
    def run(num_steps, num_rows):
        lengths = torch.full((num_rows,), num_steps)
        ((segment,),) = [group.segments for group in group_rows(lengths, num_steps, num_groups=1, rounds_steps=True)]
        return segment.num_steps

    rounded = [run(length, 1) for length in range(1, 513)]
    assert all(length <= steps <= 9 / 8 * length for length, steps in enumerate(rounded, 1))
    assert len(set(rounded)) < MAX_CACHED_KERNELS
    assert (run(17, CALL_COST - 1), run(17, CALL_COST)) == (18, 17)


@pytest.mark.parametrize("hidden_size", [480, 496, 497, 511, 512, 513])
def test_a_layer_is_as_wide_before_it_is_padded_as_after(hidden_size):
    num_padded = -(-hidden_size // BFLOAT16_TILE) * BFLOAT16_TILE
    assert is_wide(hidden_size, torch.bfloat16) == is_wide(num_padded, torch.bfloat16) == (hidden_size > 496)
