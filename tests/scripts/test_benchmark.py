"""The benchmark measures what it says: rounds in turns, ratios within a round, and nobody missing in silence."""

import dataclasses
import itertools
import json
import os
import re
import runpy
import socket
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from benchmarking.contenders.distilbert import pick_batches
from benchmarking.contenders.language_model import PretrainingTask, take_pretraining_steps
from benchmarking.contenders.onnx_lstm import classify_with_onnx
from benchmarking.harness.instruction_sets import OTHER_LIMITS, list_limits
from benchmarking.harness.limits import Limits
from benchmarking.harness.machine import describe_machine
from benchmarking.harness.processors import find_kind, merge_results, name_kind
from benchmarking.harness.report import format_section, write_json
from benchmarking.harness.rounds import _Turns, measure_interleaved
from benchmarking.harness.spec import INSTALL_HINT, Contender, Figure, Metric, Outcome, Section
from benchmarking.harness.summaries import describe_section, evaluate_figure, summarize
from benchmarking.plan import SECTIONS
from benchmarking.reviews import LabeledReviews, choose_word_finder, split_lowercase
from benchmarking.sections.epoch import build_epoch, share_out
from benchmarking.tasks import RandomModel, TrainingTask, count_useful_gflop
from hf_lstm.config import ModelSettings, TokenizerConfig, TrainConfig
from hf_lstm.config.pretrain import PretrainConfig
from hf_lstm.tokenization.build import train_tokenizer

# PyTorch is imported where it is needed: spawned processes import this file.

REPO_ROOT = Path(__file__).resolve().parents[2]
TEXTS = ["a good film and a long one", "bad", "", "good good bad film", "so bad"]


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


def test_rounds_share_out_all_batches():
    assert share_out(10, 4) == [3, 3, 2, 2]
    assert share_out(1, 3) == [1, 1, 1]


def test_transformer_batches_are_neighbors_in_length_and_stand_for_all():
    lengths = np.random.default_rng(0).permutation(1000).tolist()
    batches = pick_batches(lengths, 10, 8)
    picked = [[lengths[row] for row in rows] for rows in batches]
    assert all(len(batch) == 8 and max(batch) - min(batch) == 7 for batch in picked)
    assert np.mean(picked) == pytest.approx(np.mean(lengths), rel=0.01)
    assert pick_batches([5, 3], 1, 8) == [[1, 0]]


def test_useful_operations_of_a_token():
    config = ModelSettings(embedding_dim=100, hidden_size=256)
    assert count_useful_gflop(config, 1000) == pytest.approx(0.729088)  # 2 * (100 + 256) * 4 * 256 operations a token
    both = ModelSettings(embedding_dim=100, hidden_size=256, bidirectional=True)
    assert count_useful_gflop(both, 10) == pytest.approx(20 * count_useful_gflop(config, 1))


@pytest.mark.parametrize("options", [{}, {"bidirectional": True}, {"bidirectional": True, "pooling": "mean_max"}])
def test_packed_loop_computes_what_this_package_does(options):
    import torch

    from benchmarking.contenders.packed_loop import PackedLSTM, ReviewDataset, pad_reviews
    from hf_lstm.model.classifier import LSTMSentiment

    torch.manual_seed(0)
    tokenizer = train_tokenizer(TEXTS, TokenizerConfig(words="whitespace"))
    config = ModelSettings(embedding_dim=3, hidden_size=5, max_length_tokens=6, **options)
    ours = LSTMSentiment(config.resolve(vocab_size=tokenizer.get_vocab_size(), label_names="np"), tokenizer).eval()
    vocab = tokenizer.get_vocab()
    packed = PackedLSTM(
        len(vocab), 3, 5, num_logits=2, bidirectional=config.bidirectional, pools=config.pooling == "mean_max"
    )
    packed.load_state_dict(ours.state_dict())
    dataset = ReviewDataset(TEXTS, [0] * len(TEXTS), vocab, split_lowercase, config.max_length_tokens)
    input_ids, lengths, _ = pad_reviews([dataset[row] for row in range(len(dataset))])
    assert lengths.tolist() == [6, 1, 1, 4, 2]
    expected = ours.predict_proba(TEXTS, precision="float32")
    torch.testing.assert_close(packed(input_ids, lengths).softmax(dim=1), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("quantizes", [False, True])
def test_onnx_runtime_gives_the_labels_of_the_same_network(quantizes):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    tokenizer = train_tokenizer(TEXTS, TokenizerConfig())
    config = ModelSettings(embedding_dim=3, hidden_size=5, bidirectional=True, pooling="mean_max")
    settings = config.resolve(vocab_size=tokenizer.get_vocab_size(), label_names=["neg", "pos"])
    answers = classify_with_onnx(RandomModel(config=settings, tokenizer_json=tokenizer.to_str()), TEXTS, quantizes)
    facts = next(answers)
    assert facts["share_of_our_labels"] >= (0.5 if quantizes else 1)
    assert next(answers)["reviews_per_s"] > 0


@pytest.mark.parametrize("words", ["whitespace", "word_characters"])
def test_plain_words_are_those_of_the_tokenizer(words):
    config = TokenizerConfig(words=words)
    text = "It's GOOD; a so-so film...\tnot <br />bad"
    tokenizer = train_tokenizer([text], config)
    id_to_word = {index: word for word, index in tokenizer.get_vocab().items()}
    assert choose_word_finder(config)(text) == [id_to_word[index] for index in tokenizer.encode(text).ids]


def test_epoch_section_measures_both_loops_on_all_rows():
    import torch

    tokenizer_config = TokenizerConfig(words="whitespace")
    tokenizer = train_tokenizer(TEXTS, tokenizer_config)
    config = ModelSettings(embedding_dim=3, hidden_size=5, max_length_tokens=6, single_logit=True)
    task = TrainingTask(
        reviews=LabeledReviews(texts=TEXTS, labels=[1, 0, 0, 1, 0]),
        tokenizer_json=tokenizer.to_str(),
        find_words=choose_word_finder(tokenizer_config),
        model=config.resolve(vocab_size=tokenizer.get_vocab_size(), label_names=["neg", "pos"]),
        train=TrainConfig(batch_size=2),
    )
    section = build_epoch(task, repeats=2, our_share=1.0, packed_batches=None)
    ours, packed = (
        next(each for each in section.contenders if each.name == name) for name in ("ours, fp32", "packed loop")
    )
    try:
        (facts, *rounds), (_, *packed_rounds) = (list(each.start(**each.arguments)) for each in (ours, packed))
    finally:
        torch.set_flush_denormal(False)  # contenders set it for a process of their own
    for measured in (rounds, packed_rounds):
        assert [each["measured_batches"] for each in measured] == [2, 1]
        assert all(each["epoch_s"] > 0 for each in measured)
    assert facts["padding_share"] == pytest.approx(1 - 14 / 16)  # lengths 1 and 1, 2 and 4, 6


def test_words_of_whole_pretraining_steps_are_counted(monkeypatch):
    import torch

    import hf_lstm.nn.cpu.plan

    monkeypatch.setattr("hf_lstm.nn.cpu.plan.WIDE_DTYPES", frozenset({torch.float32}))
    tokenizer = train_tokenizer(TEXTS, TokenizerConfig(words="whitespace"))
    config = ModelSettings(embedding_dim=3, hidden_size=5, bidirectional=True, max_length_tokens=6)
    task = PretrainingTask(
        texts=["a bad film indeed"] * 3,
        tokenizer_json=tokenizer.to_str(),
        model=config.resolve(vocab_size=tokenizer.get_vocab_size(), label_names=["neg", "pos"]),
        pretrain=PretrainConfig(batch_size=3),
    )
    try:
        for goes_by_kernel in (False, True):
            facts, measured = itertools.islice(take_pretraining_steps(task, "float32", goes_by_kernel), 2)
            assert facts["dtype"] == "float32"
            assert measured["tokens_per_s"] * measured["step_s"] == pytest.approx(3 * 4)
            expected_gflop = 3 * count_useful_gflop(task.model, 3 * 4)
            assert measured["useful_gflop_per_s"] * measured["step_s"] == pytest.approx(expected_gflop)
            assert bool(hf_lstm.nn.cpu.plan.WIDE_DTYPES) != goes_by_kernel
    finally:
        torch.set_flush_denormal(False)  # contenders set it for a process of their own


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
