"""Figures in sentences of the pages are those of files and of the code."""

import json
import re
import shlex
import statistics

from written_pages import ROOT, TEXTS

from hf_lstm.config.recipes.catalog import RECIPES
from tables.accuracy.results import find_groups


def join_lines(page):
    return " ".join(TEXTS[page].split())


def read_runs():
    return {path.stem: json.loads(path.read_text()) for path in (ROOT / "results").glob("*-seed*.json")}


def test_figures_of_the_demo_are_those_of_its_file():
    demo = json.loads((ROOT / "results" / "demo_load.json").read_text())
    text = join_lines("docs/deployment.md")
    assert f"{demo['num_clients']} clients for a minute" in text
    assert demo["seconds"] == 60
    assert f"had {demo['num_answers']} answers without an error" in text
    assert demo["num_server_errors"] == 0
    assert f"within {demo['latency_s']['p50']:.2f} s, 95 % within {demo['latency_s']['p95']:.2f} s" in text
    assert f"Memory grew by {100 * demo['memory_growth']:.1f} %" in text
    slowest = max(refusal["longest_s"] for refusal in demo["refusals"].values())
    assert slowest <= float(re.search(r"was refused within (\S+) s", text)[1]) < slowest + 0.011
    assert f"ran on the same {demo['machine']['num_cores']} cores" in text


def test_limits_of_the_demo_are_those_of_its_code():
    from hf_lstm.demo.batch_rows import MAX_ROWS
    from hf_lstm.demo.endpoints import MAX_CHARACTERS
    from hf_lstm.demo.guards.request_checks import MAX_UPLOAD_BYTES

    limits = f"A text has up to {MAX_CHARACTERS:,} characters, a batch up to {MAX_ROWS:,} texts"
    assert f"{limits}, a file up to {MAX_UPLOAD_BYTES // 2**20} MB." in join_lines("docs/deployment.md")


def test_widths_that_predict_in_bfloat16_are_those_of_the_code():
    from hf_lstm.runtime.devices import MIN_BFLOAT16_UNITS, MIN_POOLED_BFLOAT16_UNITS

    widths = f"bfloat16 for {MIN_BFLOAT16_UNITS} hidden units and more, or for {MIN_POOLED_BFLOAT16_UNITS} and more"
    assert f"{widths} whose states are pooled" in join_lines("results/README.md")


def test_figures_of_the_runs_are_those_of_their_files():
    runs, groups, text = read_runs(), find_groups(ROOT), join_lines("docs/recipes.md")
    assert f"({runs['stopword-lstm-seed0']['model']['vocab_size']:,} entries here, 33,873 there)" in text
    stopword = groups["stopword-lstm"].mean_accuracy
    assert f"Ours is {RECIPES['stopword-lstm'].published['test_accuracy'] - stopword:.1f} points short" in text
    longer = runs["bilstm-glove-frozen-long-seed0"]
    validation = 100 * longer["splits"]["validation"]["accuracy"]
    assert f"After {longer['best_epoch']} they have {validation:.1f} % on validation" in text
    assert longer["best_epoch"] == len(longer["epochs"])  # "with the last epoch the best"
    frozen = mean_validation(groups["bilstm-glove-frozen"])
    assert f"is {RECIPES['bilstm'].published['validation_accuracy'] - frozen:.0f} points short of it" in text
    found = runs["packed-lstm-glove-seed0"]["embeddings"]
    share = f"{found['num_found']:,} have a vector, {100 * found['share_of_vocabulary']:.2f} %"
    assert f"Of the {found['num_entries']:,} entries {share} (published: 15,814, 63.25 %)" in text

    text = join_lines("results/README.md")
    assert f"`lstm-15m` took {runs['lstm-15m-seed0']['elapsed_s'] / 3600:.1f} hours in all" in text
    unpacked = [100 * record["validation"]["accuracy"] for record in runs["packed-lstm-unpacked-seed0"]["epochs"]]
    assert f"has {min(unpacked):.0f} to {max(unpacked):.0f} % on validation in three epochs" in text
    assert len(unpacked) == 3


def mean_validation(group):
    return statistics.fmean(100 * run["splits"]["validation"]["accuracy"] for run in group.runs.values())


def test_the_variants_with_glove_are_as_the_page_says():
    groups = find_groups(ROOT)
    plain, trained, frozen = (groups[f"packed-lstm{end}"] for end in ("", "-glove", "-glove-frozen"))
    assert trained.mean_accuracy > frozen.mean_accuracy > plain.mean_accuracy  # "in the published order on test"
    spread = statistics.stdev(100 * run["splits"]["test"]["accuracy"] for run in trained.runs.values())
    assert trained.mean_accuracy - frozen.mean_accuracy < spread  # "closer to each other than their seeds"
    for group in (trained, frozen):  # "On validation both have less than published."
        assert mean_validation(group) < RECIPES[group.name].published["validation_accuracy"]


def test_the_commands_of_results_are_those_of_their_files():
    text = TEXTS["results/README.md"]
    paths = list((ROOT / "results" / "explanations").glob("*.json"))
    assert paths
    for path in paths:
        command = json.loads(path.read_text())["command"]
        shown = (
            "python scripts/measure_explanations.py runs/NAME --num-occluded 50 --output results/explanations/NAME.json"
        )
        assert shown in text
        words = shlex.split(command)
        assert {"--num-occluded", "50"} <= set(words), f"{path} was written by {command}"
