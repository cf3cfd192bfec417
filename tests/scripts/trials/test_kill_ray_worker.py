"""`scripts/kill_ray_worker.py`: it sees each kind of row that is not as it should be."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from kill_ray_worker import compare

ROWS = pa.table({"id": [0, 1, 2], "text": ["a", "b", "c"], "label": ["pos", "neg", "pos"], "score": [0.9, 0.8, 0.7]})


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ([ROWS[2:], ROWS[:2]], {}),
        ([ROWS[:2]], {"rows_lost": 1}),
        ([ROWS[:2], ROWS[1:]], {"rows_doubled": 1}),
        ([ROWS.set_column(1, "text", pa.array(["a", "x", "c"]))], {"rows_changed": 1}),
        ([ROWS.set_column(2, "label", pa.array(["pos"] * 3))], {"labels_that_differ": 1}),
        ([ROWS.set_column(3, "score", pa.array([0.9, 0.8, 0.2]))], {"largest_difference_of_scores": 0.5}),
    ],
)
def test_compare(tmp_path, parts, found):
    scored, alone = tmp_path / "scored", tmp_path / "alone.parquet"
    scored.mkdir()
    pq.write_table(ROWS, alone)
    for number, part in enumerate(parts):
        pq.write_table(part, scored / f"{number}.parquet")
    assert {name: value for name, value in compare(scored, alone).items() if value} == pytest.approx(found)
