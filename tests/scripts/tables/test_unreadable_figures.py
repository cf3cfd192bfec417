"""Figures that cannot be read name their file, and what writes it."""

import pytest

from hf_lstm.errors import InputError
from tables.accuracy.baselines import format_baselines
from tables.accuracy.explanations import format_explanations
from tables.accuracy.few_labels import format_few_labels
from tables.accuracy.precision import format_precision
from tables.speed.benchmark import format_speed
from tables.speed.demo_load import format_demo_load
from tables.speed.estimates import format_estimates
from tables.speed.plan import format_plan


@pytest.mark.parametrize("content", [None, "{", "[]", '{"a": {}}'])
@pytest.mark.parametrize(
    ("name", "format_section"),
    [
        ("benchmark.json", format_speed),
        ("estimates.json", format_estimates),
        ("precision.json", format_precision),
        ("explanations/a-seed0.json", format_explanations),
        ("demo_load.json", format_demo_load),
        ("baselines.json", format_baselines),
        ("few_labels.json", format_few_labels),
        ("plan_avx2/lm.json", format_plan),
    ],
)
def test_figures_that_can_not_be_read_name_the_file_and_what_writes_it(tmp_path, name, format_section, content):
    (tmp_path / "results" / name).parent.mkdir(parents=True)
    if content is not None:
        (tmp_path / "results" / name).write_text(content)
    with pytest.raises(InputError, match=r"results/.* scripts/\w+\.py"):
        format_section(tmp_path)
