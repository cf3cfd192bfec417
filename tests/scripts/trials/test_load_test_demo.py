"""`scripts/load_test_demo.py`: what it makes of the answers and of the memory, and what it refuses."""

import runpy
from pathlib import Path

import pytest

from hf_lstm.errors import InputError
from trials.load.clients import ENDPOINTS, Tally

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"


SCRIPT = runpy.run_path(str(SCRIPTS / "load_test_demo.py"))


def test_answers_are_counted_and_timed_by_endpoint_and_in_all():
    tally = Tally(num_server_errors=1, num_busy=2)
    first, second, *_ = ENDPOINTS
    tally.latencies_s[first] += [0.1, 0.2, 0.3]
    tally.latencies_s[second] += [1.0]
    tally.errors.update(["late", "late", "lost"])
    found = SCRIPT["describe_answers"](tally, 2.0)
    assert (found["num_answers"], found["answers_per_s"]) == (4, 2.0)
    assert found["latency_s"] == {"p50": 0.25, "p95": 0.895, "p99": 0.979, "max": 1.0}
    assert list(found["latency_s_by_endpoint"]) == [first, second]
    assert found["latency_s_by_endpoint"][second]["p99"] == 1.0
    assert (found["num_server_errors"], found["num_busy"], found["errors"]) == (1, 2, {"late": 2, "lost": 1})


def test_memory_is_compared_from_when_the_server_is_warm():
    found = SCRIPT["describe_memory"]([100, 200, 390, 250, 220])
    assert found == {"memory_mb": {"warm": 200, "end": 220, "peak": 390}, "memory_growth": pytest.approx(0.1)}


@pytest.mark.parametrize("arguments", [["--clients", "0"], ["--seconds", "0"]])
def test_wrong_numbers_are_wrong_use(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        SCRIPT["main"](["model", *arguments])
    assert exit_.value.code == 2
    assert "must be more than 0" in capsys.readouterr().err


def test_an_output_without_a_folder_is_found_before_the_demo_starts():
    with pytest.raises(InputError, match="there is no folder nowhere"):
        SCRIPT["main"](["model", "--output", "nowhere/load.json"])
