"""Ratios are taken within a round; results are written whole, by kind of processor."""

import json
import os

import pytest

from benchmarking.harness.processors import find_kind, merge_results, name_kind
from benchmarking.harness.report import write_json
from benchmarking.harness.spec import Figure, Metric, Outcome
from benchmarking.harness.summaries import evaluate_figure, summarize


def test_ratios_are_of_the_rounds_that_both_have():
    assert evaluate([10.0, 20.0, 80.0], [1.0, 2.0])["samples"] == [10, 10]


def test_summary_is_the_median_with_its_spread():
    assert summarize([3.0, 1.0, 2.0000001]) == {"median": 2.0, "min": 1.0, "max": 3.0, "samples": [3.0, 1.0, 2.0]}


def evaluate(of, to=None, **options):
    outcomes = {"of": Outcome(samples={"m": of}), "to": Outcome(samples={"m": to or []})}
    metric = Metric(contender="of", name="m")
    figure = Figure(title="", of=metric, to=Metric(contender="to", name="m") if to else None, **options)
    return evaluate_figure(figure, outcomes)


def test_ratios_are_taken_within_a_round_so_that_drift_cancels():
    drifting = evaluate([10.0, 20.0, 80.0], [1.0, 2.0, 8.0])
    assert (drifting["min"], drifting["median"], drifting["max"]) == (10, 10, 10)
    # The ratio of the medians would be 2.
    assert evaluate([1.0, 2.0, 9.0], [1.0, 1.0, 1.0])["median"] == 2
    assert evaluate([1.0, 2.0, 9.0], [1.0, 0.5, 9.0])["median"] == 1
    assert evaluate([3.0, 5.0, 4.0], [1.0, 2.0, 3.0], relation="difference")["samples"] == [2, 3, 1]
    assert evaluate([1.0, 2.0], relation="sum")["samples"] == [3]
    assert evaluate([1.0], [4.0], unit="%")["median"] == 25


def test_the_better_of_two_ways_is_what_counts():
    outcomes = {"us": Outcome(samples={"m": [4.0, 9.0]}), "peer": Outcome(samples={"m": [1.0, 3.0], "n": [2.0, 1.0]})}
    figure = Figure(
        title="", of=Metric(contender="us", name="m"), to=Metric(contender="peer", name="m", or_greater="n")
    )
    assert evaluate_figure(figure, outcomes)["samples"] == [2, 3]


def test_targets_are_compared_with_the_median():
    assert evaluate([1.0, 2.0, 3.0], at_least=2)["is_reached"] is True
    assert evaluate([1.0, 2.0, 3.0], at_least=2.1)["is_reached"] is False
    assert evaluate([1.0, 2.0, 3.0], at_most=2)["is_reached"] is True
    assert evaluate([1.0, 2.0, 3.0], at_most=1.9)["is_reached"] is False
    assert evaluate([1.0])["is_reached"] is None


def test_json_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "results.json"
    write_json({"value": 1}, path)
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json({"value": float("nan")}, path)
    assert json.loads(path.read_text()) == {"value": 1}
    assert os.listdir(tmp_path) == ["results.json"]


AMX = {"isa_flags": ["avx2", "avx512_f", "avx512_bf16", "amx_bf16"]}
AVX2 = {"isa_flags": ["avx2"], "onednn_max_cpu_isa": None}


def test_figures_of_several_kinds_of_processors_stand_side_by_side():
    first = {"machine": AMX, "options": 1, "sections": {"a": "old", "b": "old"}}
    assert merge_results(None, first, updates=False) == first
    both = merge_results(first, {"machine": AVX2, "options": 2, "sections": {"a": "slow"}}, updates=False)
    assert both == {**first, "other_processors": {"AVX2": {"machine": AVX2, "options": 2, "sections": {"a": "slow"}}}}
    anew = merge_results(both, {"machine": AMX, "options": 3, "sections": {"b": "new"}}, updates=False)
    assert anew == {**both, "options": 3, "sections": {"b": "new"}}
    for machine in (AMX, AVX2):
        updated = merge_results(both, {"machine": machine, "options": 4, "sections": {"b": "new"}}, updates=True)
        found = find_kind(updated, name_kind(machine))
        assert found["sections"] == {"a": "old" if machine is AMX else "slow", "b": "new"}
        assert found["options"] == (1 if machine is AMX else 2)


@pytest.mark.parametrize(("machine", "kind"), [
    (AMX, "AMX"), (AVX2, "AVX2"), ({"isa_flags": []}, "no AVX"),
    ({**AMX, "onednn_max_cpu_isa": "AVX2"}, "AMX, limited to AVX2"),
])  # fmt: skip
def test_kinds_of_processors(machine, kind):
    assert name_kind(machine) == kind
