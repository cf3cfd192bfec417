"""The command: what it writes, and what it refuses."""

import json
import os
import runpy
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarking.harness.instruction_sets import OTHER_LIMITS, list_limits
from benchmarking.harness.machine import describe_machine
from benchmarking.plan import SECTIONS

REPO_ROOT = Path(__file__).resolve().parents[3]


def test_command_measures_a_section_of_the_sample_and_writes_json(tmp_path):
    output = tmp_path / "results.json"
    command = [sys.executable, "scripts/benchmark.py", "--quick", "--repeats", "1", "--only", "tokenization"]
    run = subprocess.run([*command, "--output", output], cwd=REPO_ROOT, capture_output=True, text=True, check=True)
    results = json.loads(output.read_text())
    assert set(results) == {"machine", "options", "sections"}
    assert {"processor", "num_cores", "onednn_isa", "torch_threads", "versions", "date"} <= set(results["machine"])
    assert results["options"]["dataset"] == "sample"
    assert results["options"]["sections"] == ["tokenization"]
    assert {"commit", "effort"} <= set(results["options"])
    stages = [line.split(" [")[0] for line in run.stderr.splitlines() if line.startswith("tokenization: ")]
    assert stages == ["tokenization: setting up", "tokenization: preparing", "tokenization: round 1/1"]
    ((name, section),) = results["sections"].items()
    assert name == "tokenization"
    assert section["measured"]["command"].startswith("python scripts/benchmark.py --quick --repeats 1 --only tok")
    assert set(section) == {"title", "settings", "contenders", "figures", "measured"}
    for contender, result in section["contenders"].items():
        assert set(result) == {"status", "reason", "facts", "metrics"}
        assert result["status"] == "measured", (contender, result["reason"])
        assert set(result["metrics"]["mb_per_s"]) == {"median", "min", "max", "samples"}
        assert contender in run.stdout
    for name in ("ours, 1 core", "ours, all cores", "ours, a thread per core"):
        assert section["contenders"][name]["facts"]["ids_are_those_of_re"] is True
    for figure in section["figures"]:
        assert {"title", "unit", "target", "median", "is_reached"} <= set(figure)
    for private in (str(REPO_ROOT), str(Path.home()), socket.gethostname()):
        assert private not in output.read_text()


def test_results_of_another_kind_of_processor_are_not_updated(run_script, tmp_path):
    content = '{"machine": {"isa_flags": ["of another"]}, "sections": {}}'
    (tmp_path / "earlier.json").write_text(content)
    run = run_script(REPO_ROOT / "scripts" / "benchmark.py", "--update", "--output", "earlier.json")
    assert run.returncode == 2
    assert "error: --update earlier.json: measured with no AVX, but this processor has " in run.stderr
    assert (tmp_path / "earlier.json").read_text() == content


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "epochs"], f"--only epochs: there is no such section; expected some of {', '.join(SECTIONS)}"),
        (["--repeats", "0"], "--repeats 0: expected at least 1"),
        (["--minutes", "-1"], "--minutes -1.0: expected 0 for no limit, or more"),
        (["--output", "no/such/file.json"], "--output no/such/file.json: there is no folder no/such; make it first"),
        (["--update"], "--update: name the file to update with --output"),
        (
            ["--update", "--output", "no.json"],
            "--update: there is no file no.json to update; run without --update",
        ),
        (["--wordpiece-vocabulary", "no"], "--wordpiece-vocabulary no: there is no such file; expected a vocab.txt"),
    ],
)
def test_wrong_use_gives_one_line_and_exit_code_2(run_script, arguments, message):
    run = run_script(REPO_ROOT / "scripts" / "benchmark.py", *arguments)
    assert (run.returncode, run.stderr) == (2, f"error: {message}\n")


def test_an_unknown_instruction_set_is_refused_and_letters_may_be_small(capsys):
    parse = runpy.run_path(str(REPO_ROOT / "scripts" / "benchmark.py"))["parse_arguments"]
    assert parse(["--max-isa", "avx2"]).max_isa == "AVX2"  # oneDNN takes what it doesn't know for no limit
    with pytest.raises(SystemExit, match="2"):
        parse(["--max-isa", "SSE9"])
    assert "invalid choice: 'SSE9'" in capsys.readouterr().err


def test_a_limit_holds_for_all_products_of_a_process(monkeypatch):
    ask = "import torch; from hf_lstm.runtime.devices import computes_bfloat16_natively as ask; "
    ask += "print(torch.backends.cpu.get_cpu_capability(), ask(torch.device('cpu')))"
    for name, value in list_limits("AVX2_VNNI").items():
        monkeypatch.setenv(name, value)
    answer = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout
    assert answer in ("AVX2 False\n", "DEFAULT False\n", "NO AVX False\n")  # the others are of older processors
    machine = describe_machine()
    assert machine["other_limits"] == {name: os.environ[name] for name in OTHER_LIMITS}
    assert "avx2" not in machine["isa_flags"] or "AVX2" in machine["onednn_isa"]
    assert list_limits("AVX512_CORE") == {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"}
