"""The tables of what was survived, and of what tests notice."""

import json

from tables.reliability import format_reliability


def write(root, name, **figures):
    (root / "results").mkdir(exist_ok=True)
    (root / "results" / name).write_text(json.dumps(figures))


def read_rows(root):
    lines = [line for line in format_reliability(root).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")][1:] for line in lines if "---" not in line][1:]


def test_what_was_measured_has_rows_with_its_command_and_nothing_else(tmp_path):
    assert read_rows(tmp_path) == []
    runs = {"kill before": 7, "SIGKILL": 5}
    write(tmp_path, "crash_matrix.json", command="c", calls=900, planned=20, runs=runs, wrong=["one"])
    crashes = {"work": "search", "calls": 700, "planned": 3, "runs": {"EIO": 3}, "wrong": []}
    write(tmp_path, "search_crashes.json", command="d", **crashes)
    write(tmp_path, "killed_ranks.json", command="k", processes=2, tried=6, longest_s=3.21, wrong=[])
    faults = ["train, SIGTERM after 1.00 s: a", "train, SIGTERM after 1.00 s: b"]
    write(tmp_path, "killed_commands.json", command="s", tried=9, longest_s=1.5, wrong=faults)
    assert read_rows(tmp_path) == [
        ["12", "11", "0", "1", "", "`c`"],
        ["3", "3", "0", "0", "", "`d`"],
        ["9", "8", "0", "2", "1.5 s", "`s`"],
        ["6", "6", "0", "0", "3.2 s", "`k`"],
    ]
    assert "900 in all" in format_reliability(tmp_path)
    assert "of 20 strikes" in format_reliability(tmp_path)


def test_mutants_have_a_table_of_their_own(tmp_path):
    found = {"mutants": 1000, "tried": 40, "killed": 30, "timed_out": 5, "survived": [{}] * 5}
    write(tmp_path, "mutation.json", command="m", areas={"push": found, "input": {"tried": 0}})
    assert read_rows(tmp_path)[1:] == [["1,000", "40", "35 (88%)", "5", "`m`"]]
