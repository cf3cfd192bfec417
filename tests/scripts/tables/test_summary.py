"""Who stands beside us, with which accuracy and speed, and what is summed up of them."""

import json
import re

import pytest
from measured_contenders import find

from benchmarking.sections.text_to_label import BF16, DISTILBERT_FP32, FASTTEXT, KERAS, NB_SVM, PACKED, POOLED, STOPWORD
from hf_lstm.errors import InputError
from tables.accuracy.results import find_groups
from tables.speed.contenders import LARGE_RUNS, collect_contenders
from tables.summary import format_short_results, format_short_speed, format_summary


def change_benchmark(root, change):
    path = root / "results" / "benchmark.json"
    benchmark = json.loads(path.read_text())
    change(benchmark["sections"]["text-to-label"]["contenders"])
    path.write_text(json.dumps(benchmark))


def write_large_run(root, accuracy):
    run = json.loads((root / "results" / "pooled-bilstm-seed0.json").read_text())
    run["splits"]["test"]["accuracy"] = accuracy
    run["command"] += " --embeddings ../glove/glove.txt.gz --set model.hidden_size=256"
    (root / "results" / f"{LARGE_RUNS}-seed0.json").write_text(json.dumps(run))


def test_every_contender_is_there_but_the_peak(root):
    names = {each.name for each in collect_contenders(root)}
    timed = json.loads((root / "results" / "benchmark.json").read_text())["sections"]["text-to-label"]["contenders"]
    assert set(timed) - names == {"matrix-product peak"}
    assert {POOLED, NB_SVM} <= names


def test_accuracy_is_measured_published_or_not_there(root):
    for path in (root / "results").glob(f"{LARGE_RUNS}-seed*.json"):
        path.unlink()
    before = collect_contenders(root)
    assert [find(before, name).accuracy for name in (BF16, PACKED, KERAS)] == [None] * 3
    assert find(before, PACKED).note == ""
    write_large_run(root, 0.9)
    after = collect_contenders(root)
    assert [find(after, name).accuracy for name in (BF16, PACKED, KERAS)] == [pytest.approx(90)] * 3
    assert [find(after, name).note for name in (BF16, PACKED, KERAS)] == ["", "same network", "same network"]
    assert (find(after, DISTILBERT_FP32).accuracy, find(after, DISTILBERT_FP32).note) == (92.82, "published")
    assert find(after, STOPWORD).note == "own test rows"
    baselines = json.loads((root / "results" / "baselines.json").read_text())["models"]
    assert find(after, NB_SVM).accuracy == pytest.approx(100 * baselines[NB_SVM]["test"]["accuracy"])


def test_speed_is_that_of_the_faster_way_or_not_there(root):
    def change(contenders):
        contenders.pop(POOLED, None)
        contenders[FASTTEXT]["metrics"]["reviews_per_s"]["median"] = 5.0
        contenders[FASTTEXT]["metrics"]["reviews_per_s_with_a_process_per_core"]["median"] = 9.0
        contenders["ours, of tomorrow"] = contenders[BF16]

    change_benchmark(root, change)
    contenders = collect_contenders(root)
    assert find(contenders, FASTTEXT).reviews_per_s == 9
    assert find(contenders, POOLED).reviews_per_s is None
    new = find(contenders, "ours, of tomorrow")
    assert (new.kind, new.accuracy, new.reviews_per_s) == ("ours", None, find(contenders, BF16).reviews_per_s)


def test_who_computes_in_an_emulated_format_is_no_contender(root):
    def leave_out(contenders):
        contenders[BF16] = {"status": "left out", "reason": "emulated", "facts": {}, "metrics": {}}

    write_large_run(root, 0.9)
    change_benchmark(root, leave_out)
    assert BF16 not in {each.name for each in collect_contenders(root)}


def test_the_summary_is_of_the_files(root):
    write_large_run(root, 0.905)
    change_benchmark(root, lambda contenders: contenders[BF16]["metrics"]["reviews_per_s"].update(median=4321.0))
    summary, contenders = format_summary(root), collect_contenders(root)
    assert "labels 4,321 reviews a second" in summary
    assert f"NB-SVM on words, pairs and triples {find(contenders, NB_SVM).accuracy:.1f} %, " in summary
    assert f"fastText {find(contenders, FASTTEXT).accuracy:.1f} %" in summary


def count_published(summary):
    return map(int, re.search(r"Of (\d+) published .*, (\d+) are passed and (\d+) (?:is|are) missed", summary).groups())


def test_the_summary_counts_what_is_passed_and_what_is_missed(root):
    num_published, num_passed, num_missed = count_published(format_summary(root))
    assert num_published == num_passed + num_missed
    for path in (root / "results").glob("keras-lstm-seed*.json"):
        run = json.loads(path.read_text())
        run["splits"]["test"]["accuracy"] = 0.8
        path.write_text(json.dumps(run))
    summary = format_summary(root)
    assert list(count_published(summary)) == [num_published, num_passed - 1, num_missed + 1]
    assert re.search(r" are missed by [\d., and]*\b5\.6\b[\d., and]* points\.", summary)


@pytest.mark.parametrize(
    ("accuracy", "said"),
    [
        (0.95, r"\*\*More accurate than the usual choices\.\*\*.* `flagship` \([\d.]+ MB of weights\) gets 95\.0 %"),
        (0.92, r"\*\*Not yet as accurate as DistilBERT\.\*\*.* gets 92\.0 %"),
        (0.5, r"\*\*Not yet as accurate as DistilBERT and NB-SVM[\w ,-]* and fastText\.\*\*"),
    ],
)
def test_the_summary_says_what_is_more_accurate(root, accuracy, said):
    for path in (root / "results").glob("flagship-*seed*.json"):
        run = json.loads(path.read_text())
        run["splits"]["test"]["accuracy"] = accuracy
        path.write_text(json.dumps(run))
    assert re.search(said, format_summary(root))


def test_the_summary_needs_a_shipped_model(root):
    for path in (root / "results").glob("flagship*.json"):
        path.unlink()
    with pytest.raises(InputError, match="no run of a shipped model"):
        format_summary(root)


def test_the_short_table_has_recipes_as_they_are_and_their_peers(root):
    write_large_run(root, 0.905)
    rows = {line.split(" | ")[0].strip("| "): line for line in format_short_results(root).splitlines()[2:]}
    assert f"| `{LARGE_RUNS}` | **90.50** |  |" in rows[f"`{LARGE_RUNS}`"]
    accuracy = find_groups(root)["packed-lstm"].mean_accuracy
    assert f"| `packed-lstm` | **{accuracy:.2f}** | 81.91 | 2,867,049 |  |" in rows["`packed-lstm`"]
    assert "| 86.9 | 75,330 |" in rows["`stopword-lstm` *"]
    assert "| DistilBERT |  | 92.82 |  |" in rows["DistilBERT"]
    assert not any("unpacked" in name or "long" in name for name in rows)
    assert len(rows) <= 18


def test_a_figure_that_the_benchmark_lacks_is_named(root):
    path = root / "results" / "benchmark.json"
    benchmark = json.loads(path.read_text())
    benchmark["sections"]["latency"]["figures"] = []
    path.write_text(json.dumps(benchmark))
    with pytest.raises(InputError, match=r"benchmark\.json is not .*BiLSTM, bf16: p50"):
        format_short_speed(root)
