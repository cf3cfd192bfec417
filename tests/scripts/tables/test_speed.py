"""Tables of speed and load: what was measured, and what is missing."""

import json

import pytest
from computed_tables import read_cells

from benchmarking.plan import SECTIONS
from hf_lstm.errors import InputError
from tables.speed.api_load import NOT_MEASURED, format_api_load
from tables.speed.benchmark import find_missing_sections, format_speed
from tables.speed.demo_load import format_demo_load
from tables.speed.plan import format_plan

MACHINE = {"num_cores": 2, "processor": "Some CPU", "isa_flags": ["avx2"], "date": "2026-01-01T00:00"}


def test_a_plan_adds_up_the_hours_of_its_steps(tmp_path):
    results = tmp_path / "results"
    (results / "plan_avx2").mkdir(parents=True)
    for place, name in enumerate(("lm", "lm-adversarial", "lm-adversarial-2", "flagship")):
        estimate = {"num_epochs": 3, "tokens_per_s": 1e3, "estimated_s": 3600 * (place + 1), "command": f"run {name}"}
        (results / "plan_avx2" / f"{name}.json").write_text(json.dumps({name: estimate}))
    for run in ("lm-adversarial-seed0", "lm-adversarial-2-seed0", "lm-adversarial-3-seed1", "flagship-unedited-seed0"):
        splits = {"validation": {"accuracy": 0.9}, "test": {"accuracy": 0.95}}
        (results / f"{run}.json").write_text(json.dumps({"splits": splits}))
    table = format_plan(tmp_path)
    assert [line.split(" | ")[-1].strip(" |") for line in table.split("\n")[2:8]] == [
        "1.0",
        "2.0",
        "3.0",
        "3.0",
        "4.0",
        "13.0",
    ]
    assert "90.00 % | 95.00 % | 3 | 1,000" in table
    assert "run lm\nrun lm-adversarial\nrun lm-adversarial-2\nrun flagship\n" in table  # each once


def test_peers_and_sections_that_were_not_measured_are_named(tmp_path):
    speed = {"median": 2.0, "min": 1.0, "max": 3.0, "samples": [2.0, 1.0, 3.0]}
    absent = {"status": "not installed", "reason": "no keras", "facts": {}, "metrics": {}}
    ours = {"status": "measured", "reason": None, "facts": {"dtype": "float32"}, "metrics": {"reviews_per_s": speed}}
    figure = {"title": "against Keras", "unit": "x", "target": {"at_least": 3}, "missing": ["Keras"]}
    text_to_label = {"settings": {"num_reviews": 9}, "contenders": {"us": ours, "Keras": absent}, "figures": [figure]}
    lengths = {
        "settings": {"batch_size": 64, "max_length_tokens": [64]},
        "contenders": {"loop": {**ours, "metrics": {"at_64_tokens_us_per_token": {**speed, "samples": [2.0]}}}},
        "figures": [],
        "measured": {"date": "2026-02-02T00:00", "commit": "fedcba9876543210"},
    }
    benchmark = {
        "machine": MACHINE,
        "options": {"dataset": "imdb", "quick": False, "effort": {"repeats": 3}, "commit": "0123456789abcdef"},
        "sections": {"text-to-label": text_to_label, "sequence-length": lengths},
    }
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "benchmark.json").write_text(json.dumps(benchmark))
    text = format_speed(tmp_path)
    assert "| text to label | against Keras | not measured (Keras: not installed, no keras) |  | at least 3 |" in text
    assert "| us | float32 | 2 |  |" in text
    assert "| Keras |  | not measured (not installed, no keras) |  |" in text
    assert "| 64 | 2 |" in text
    assert "2026-01-01 at commit `0123456789`: medians over 3 rounds (sequence length: 1)" in text
    assert "Measured on 2026-02-02 at commit `fedcba9876`: sequence length. " in text
    assert "Not measured: training step, epoch, tokenization, bulk scoring, latency, cold start." in text
    assert "epoch" in find_missing_sections(tmp_path)


def test_the_command_of_a_run_has_its_options_and_the_sections_that_are_here(tmp_path):
    options = {"dataset": "imdb", "quick": False, "effort": {"repeats": 1}, "sections": ["latency"]}  # of the last run
    settings = {"num_reviews": 9, "batch_size": 64, "max_length_tokens": [64]}
    nothing = {"settings": settings, "contenders": {}, "figures": []}
    whole = {"machine": MACHINE, "options": options, "sections": dict.fromkeys(SECTIONS, nothing)}
    part = {
        "machine": {**MACHINE, "onednn_max_cpu_isa": "AVX2"},
        "options": {**options, "quick": True},
        "sections": dict.fromkeys(["latency", "cold-start"], nothing),
    }
    (tmp_path / "results").mkdir()
    benchmark = {**whole, "other_processors": {"AVX2, limited to AVX2": part}}
    (tmp_path / "results" / "benchmark.json").write_text(json.dumps(benchmark))
    text = format_speed(tmp_path)
    script = "python scripts/benchmark.py --dataset stanfordnlp/imdb"
    assert f"{script} --output results/benchmark.json\n" in text
    assert f"{script} --quick --only latency,cold-start --max-isa AVX2 --output results/benchmark.json\n" in text
    assert "On 2 cores of Some CPU, AVX2, 2026-01-01: medians" in text
    assert "On 2 cores of Some CPU, AVX2, limited to AVX2, 2026-01-01 in a hurry" in text


def test_wide_layers_have_a_row_for_each_shape_and_are_named_where_they_were_not_measured(tmp_path):
    summary = {"median": 71.5, "min": 71.5, "max": 71.5, "samples": [71.5]}
    fp32 = {"status": "measured", "reason": None, "facts": {}}
    fp32["metrics"] = {f"{units}_units_64_rows_useful_gflop_per_s": summary for units in (512, 1024)}
    left_out = {"status": "left out", "reason": "emulated", "facts": {}, "metrics": {}}
    peak = {**fp32, "metrics": {"float32_gflop_per_s": {**summary, "median": 143.0}}}
    step = {
        "settings": {"wide_layers": {"hidden_sizes": [512, 1024], "batch_sizes": [64], "num_steps": 64}},
        "contenders": {"matrix-product peak": peak, "wide LSTM, bf16": left_out, "wide LSTM, fp32": fp32},
        "figures": [{"title": "bf16 against fp32", "unit": "x", "target": None, "missing": ["wide LSTM, bf16"]}],
    }
    benchmark = {
        "machine": MACHINE,
        "options": {"dataset": "imdb", "quick": False, "effort": {"repeats": 1}},
        "sections": {"training-step": step},
    }
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "benchmark.json").write_text(json.dumps(benchmark))
    text = format_speed(tmp_path)
    for row in ("| 512 | 64 |  | 71.5 |", "| 1,024 | 64 |  | 71.5 |", "| matrix-product peak |  |  | 143 |"):
        assert row in text
    assert "Not measured: wide LSTM, bf16: left out, emulated." in text
    assert "Without figures, since emulated: wide LSTM, bf16." in text
    assert "bf16 against fp32" not in text
    step["settings"] = {}  # of a run before there were any
    (tmp_path / "results" / "benchmark.json").write_text(json.dumps(benchmark))
    assert "Training of wide LSTM layers alone: not measured in this run." in format_speed(tmp_path)


def test_what_the_demo_met_is_listed(tmp_path):
    figures = {
        "num_clients": 3, "seconds": 60.0, "machine": {"num_cores": 2}, "num_answers": 1234, "num_server_errors": 0,
        "latency_s": {"p50": 0.157, "p95": 0.637, "p99": 0.867, "max": 0.97}, "memory_growth": 0.0415,
        "memory_mb": {"warm": 687, "end": 715, "peak": 715}, "refusals": {"proxy": {"status": [404], "longest_s": 0.5}},
    }  # fmt: skip
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "demo_load.json").write_text(json.dumps(figures))
    text = format_demo_load(tmp_path)
    assert text.startswith("3 clients for 60 s, on the same 2 cores")
    assert "| answers | 1,234 |" in text
    assert "| 95 % within | 0.64 s |" in text
    assert "| memory at the end | 715 MB (+4.2 %) |" in text
    assert "| proxy | 404 | 0.50 s |" in text


def test_the_load_of_the_api_is_a_row_for_each_number_of_clients(tmp_path):
    (tmp_path / "results").mkdir()
    assert format_api_load(tmp_path) == NOT_MEASURED
    latency_ms = {"p50": 3.24, "p95": 5.0, "p99": 7.5}
    load = {"num_answers": 9000, "answers_per_s": 1300.4, "latency_ms": latency_ms, "errors": {"HTTP 503": 2}}
    loads = [{"num_clients": number, **load} for number in (1, 64)]
    figures = {"machine": {"num_cores": 2}, "model": "model", "seconds": 30.0, "loads": loads}
    (tmp_path / "results" / "api_load.json").write_text(json.dumps(figures))
    rows = read_cells(format_api_load(tmp_path))
    assert list(rows) == ["1", "64"]
    assert list(rows["64"].values()) == ["64", "1,300", "3.2 ms", "5.0 ms", "7.5 ms", "2"]
    (tmp_path / "results" / "api_load.json").write_text("[]")
    with pytest.raises(InputError, match=r"api_load\.json is not what scripts/load_test_api\.py writes"):
        format_api_load(tmp_path)
