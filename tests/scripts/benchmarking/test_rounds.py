"""Contenders take turns, each in its own process, and nobody is missing in silence."""

import dataclasses
import os
import re
import time
from unittest import mock

from benchmarking.harness.limits import Limits
from benchmarking.harness.report import format_section
from benchmarking.harness.rounds import _Turns, measure_interleaved
from benchmarking.harness.spec import INSTALL_HINT, Contender, Figure, Metric, Outcome, Section
from benchmarking.harness.summaries import describe_section


def log_rounds(name, log, fails_in_round=0, exits_in_round=0):
    def write(event):
        with log.open("a") as file:
            file.write(f"{event} ")

    write(f"prepare-{name}")
    yield {"process": os.getpid()}
    for number in range(1, 10):
        write(f"{name}{number}")
        if number == fails_in_round:
            raise ValueError(f"no more\nof {log}")
        if number == exits_in_round:
            os._exit(3)
        yield {"step_s": float(number)}


def make_contender(name, log, **arguments):
    return Contender(name=name, start=log_rounds, arguments={"name": name, "log": log, **arguments})


def test_contenders_take_turns_each_in_its_own_process(tmp_path):
    contenders = [make_contender(name, tmp_path / "log") for name in "ABC"]
    outcomes = measure_interleaved(contenders, 2)
    expected = "prepare-A prepare-B prepare-C A1 B1 C1 A2 B2 C2"
    assert (tmp_path / "log").read_text().split() == expected.split()
    assert [outcome.samples for outcome in outcomes.values()] == [{"step_s": [1.0, 2.0]}] * 3
    assert len({outcome.facts["process"] for outcome in outcomes.values()} | {os.getpid()}) == 4


def test_who_fails_or_is_not_installed_is_named_and_the_others_go_on(tmp_path):
    log = tmp_path / "log"
    absent = Contender(name="absent", start=log_rounds, requires=("json", "no_such_peer"))
    contenders = [
        make_contender("raises", log, fails_in_round=2),
        absent,
        make_contender("exits", log, exits_in_round=1),
        make_contender("works", log),
    ]
    step = {contender.name: Metric(contender=contender.name, name="step_s") for contender in contenders}
    figures = [
        Figure(title="against absent", of=step["works"], to=step["absent"]),
        Figure(title="against who failed later", of=step["raises"]),
    ]
    section = Section(title="test", contenders=contenders, figures=figures, settings={})
    described = describe_section(section, measure_interleaved(contenders, 3))
    found = {name: (result["status"], result["reason"]) for name, result in described["contenders"].items()}
    assert found == {
        "raises": ("failed", "ValueError: no more of log"),
        "absent": ("not installed", f"no no_such_peer: {INSTALL_HINT}"),
        "exits": ("failed", "its process ended with exit code 3"),
        "works": ("measured", None),
    }
    assert [figure["missing"] for figure in described["figures"]] == [["absent"], ["raises"]]
    table = format_section("section", described)
    assert "not installed: no no_such_peer: pip install -e '.[benchmark]'" in table
    assert "against absent: not measured, as absent is missing" in table


def test_an_emulated_format_is_named_and_left_out(tmp_path):
    contenders = [
        make_contender("fp32", tmp_path / "log"),
        dataclasses.replace(make_contender("bf16", tmp_path / "log"), number_format="bfloat16"),
    ]
    outcomes = measure_interleaved(contenders, 1, formats=["float32"])
    assert outcomes["fp32"].status == "measured"
    assert (outcomes["bf16"].status, outcomes["bf16"].samples) == ("left out", {})
    assert outcomes["bf16"].reason.startswith("bfloat16 is emulated on this processor")
    assert "bf16" not in (tmp_path / "log").read_text()


def sleep_for_ever():
    yield {}
    time.sleep(600)
    yield {"step_s": 600.0}


def test_who_uses_up_its_time_is_stopped_in_the_midst_of_it():
    outcome = measure_interleaved([Contender(name="endless", start=sleep_for_ever)], 3, limit_s=1, first_round_s=2)[
        "endless"
    ]
    assert (outcome.status, outcome.samples) == ("stopped", {})
    assert re.fullmatch(r"stopped after \d+ s, with 0 of 3 rounds done", outcome.reason)


def test_each_has_a_first_round_when_all_time_is_over(tmp_path):
    contenders = [make_contender(name, tmp_path / "log") for name in "AB"]
    outcomes = measure_interleaved(contenders, 3, limit_s=0)
    assert (tmp_path / "log").read_text().split() == ["prepare-A", "prepare-B", "A1", "B1"]
    assert [outcome.samples for outcome in outcomes.values()] == [{"step_s": [1.0]}] * 2
    assert {outcome.status for outcome in outcomes.values()} == {"measured"}
    assert all("with 1 of 3 rounds done" in outcome.reason for outcome in outcomes.values())


def test_rounds_that_would_not_end_in_time_are_not_begun(monkeypatch):
    outcome = Outcome(samples={"m": [1.0, 2.0]}, elapsed_s=290, round_s=20)
    turns = _Turns({"slow": outcome}, repeats=5, limits=Limits.start(100, None, 120, num_contenders=1))
    turns.workers["slow"] = stopped = mock.Mock()
    turns.take("slow")
    assert (outcome.status, outcome.samples) == ("measured", {"m": [1.0, 2.0]})
    assert outcome.reason == "stopped after 290 s, with 2 of 5 rounds done"
    stopped.ask.assert_not_called()
    stopped.stop_at_once.assert_called_once()
