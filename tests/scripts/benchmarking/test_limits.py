"""The benchmark ends in time, whoever hangs: by a clock that only the contenders move."""

import runpy
from pathlib import Path
from unittest import mock

import pytest

from benchmarking.harness.limits import Limits
from benchmarking.harness.rounds import OutOfTimeError, measure_interleaved
from benchmarking.harness.spec import Contender, Outcome, Section
from benchmarking.plan import SECTIONS
from benchmarking.reviews import LabeledReviews, ReviewSplits

REPO_ROOT = Path(__file__).resolve().parents[3]
SETUP_S = 3


class Clock:
    """Stands where `time` does, and moves when it is told."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    for module in ("rounds", "limits"):
        monkeypatch.setattr(f"benchmarking.harness.{module}.time", clock)

    class FakeWorker:
        """Takes the seconds that the contender's arguments name for each answer."""

        def __init__(self, contender):
            self.answer_s = contender.arguments["answer_s"]

        def ask(self, timeout_s):
            if timeout_s is not None and timeout_s < self.answer_s:
                clock.now += timeout_s
                raise OutOfTimeError
            clock.now += self.answer_s
            return {"step_s": self.answer_s}

        def stop(self):
            pass

        stop_at_once = stop

    monkeypatch.setattr("benchmarking.harness.rounds.Worker", FakeWorker)
    return clock


def make_contenders(*answers_s):
    return [
        Contender(name=f"{number}", start=iter, arguments={"answer_s": answer_s})
        for number, answer_s in enumerate(answers_s)
    ]


def test_first_rounds_end_with_the_time_of_all_and_leave_some_to_the_others(clock):
    outcomes = measure_interleaved(make_contenders(1e9, 1e9, 2, 1e9), 3, limit_s=10, first_rounds_s=100)
    reasons = [f"stopped after {seconds} s, with {done} of 3 rounds done" for seconds, done in ((50, 0), (25, 0))]
    assert [outcome.reason for outcome in outcomes.values()][:2] == reasons
    assert [outcome.status for outcome in outcomes.values()] == ["stopped", "stopped", "measured", "stopped"]
    assert outcomes["2"].samples == {"step_s": [2]}
    assert clock.now < 100


def test_who_is_prepared_is_measured_before_preparations_take_all_time(clock):
    outcomes = measure_interleaved(make_contenders(20, 20, 20, 20, 20, 20), 2, limit_s=30, first_rounds_s=100)
    assert [bool(outcome.samples) for outcome in outcomes.values()] == [True, False, False, False, False, False]
    outcomes = measure_interleaved(make_contenders(1, 60, 1), 2, limit_s=1e9, first_rounds_s=200, first_round_s=1e9)
    assert [outcome.samples["step_s"] for outcome in outcomes.values()] == [[1, 1], [60, 60], [1, 1]]


def test_nobody_is_started_when_the_time_is_over(clock, monkeypatch):
    started = mock.Mock()
    monkeypatch.setattr("benchmarking.harness.rounds.Worker", started)
    outcomes = measure_interleaved(make_contenders(2, 2), 3, limit_s=10, first_rounds_s=1.9)
    assert {(outcome.status, outcome.reason) for outcome in outcomes.values()} == {
        ("stopped", "not started, as the time was over")
    }
    started.assert_not_called()
    assert clock.now == 0


def test_without_limits_nobody_is_stopped(clock):
    outcomes = measure_interleaved(make_contenders(1000, 3000), 2)
    assert [outcome.samples for outcome in outcomes.values()] == [{"step_s": [1000, 1000]}, {"step_s": [3000, 3000]}]


@pytest.mark.parametrize(
    ("first_rounds_s", "elapsed_s", "left_s"), [(None, 0, 120), (1000, 30, 90), (100, 30, 50), (-5, 0, 0)]
)
def test_a_first_round_has_its_seconds_or_half_of_what_is_left(clock, first_rounds_s, elapsed_s, left_s):
    limits = Limits.start(40, first_rounds_s, 120, num_contenders=4)
    assert limits.find_time_left(Outcome(elapsed_s=elapsed_s)) == left_s
    assert limits.find_time_left(Outcome(elapsed_s=elapsed_s, samples={"m": [1.0]})) == 30 - elapsed_s


@pytest.mark.parametrize("answer_s", [20, 1e9])
@pytest.mark.parametrize(("options", "most_minutes"), [([], 12), (["--quick"], 4)])
def test_the_whole_run_ends_in_time_whoever_is_slow_or_hangs(clock, monkeypatch, options, most_minutes, answer_s):
    script = runpy.run_path(str(REPO_ROOT / "scripts" / "benchmark.py"))["main"].__globals__
    reviews = LabeledReviews(texts=["good"], labels=[1])
    splits = ReviewSplits(name="few", train=reviews, validation=reviews, test=reviews)

    def build(plan):
        clock.now += SETUP_S
        contenders = make_contenders(*[answer_s] * 6)
        return Section(title="slow", contenders=contenders, figures=[], settings={})

    machine = {"native_formats": ["float32"], "date": ""}
    for name, value in {
        "time": clock,
        "load_reviews": lambda source, data: splits,
        "describe_machine": lambda: machine,
        "format_machine": lambda machine: "",
        "SECTIONS": dict.fromkeys(SECTIONS, build),
    }.items():
        monkeypatch.setitem(script, name, value)
    results = script["measure"](script["parse_arguments"](options), "python scripts/benchmark.py")
    assert list(results["sections"]) == list(SECTIONS)
    assert clock.now <= 60 * most_minutes
    for section in results["sections"].values():
        for contender in section["contenders"].values():
            assert contender["metrics"] or contender["reason"].startswith(("stopped after ", "not started")), contender
    first = results["sections"]["text-to-label"]["contenders"]["0"]  # those before it have left it some time
    assert first["metrics"] or not first["reason"].startswith(("stopped after 0 s", "not started")), first
