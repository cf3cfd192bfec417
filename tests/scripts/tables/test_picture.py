"""Accuracy beside speed: where the figures come from, what the summary says of them, and how they are drawn."""

import dataclasses
import json
import math
import random
import re
import runpy
from pathlib import Path

import pytest

from benchmarking.sections.text_to_label import BF16, DISTILBERT_FP32, FASTTEXT, KERAS, NB_SVM, PACKED, POOLED, STOPWORD
from hf_lstm.errors import InputError
from tables.accuracy.results import find_groups
from tables.picture.drawing import draw_picture, find_front
from tables.picture.files import IMAGES, describe_panels, read_description, save_picture
from tables.picture.label_places import Box, Label, Place, find_box, place_labels
from tables.picture.themes import THEMES
from tables.speed.contenders import LARGE_RUNS, Contender, Panel, collect_contenders, collect_panels
from tables.summary import format_short_results, format_short_speed, format_summary

ROOT = Path(__file__).resolve().parents[3]
COMMITTED = collect_contenders(ROOT)


@pytest.fixture
def root(tmp_path):
    """A copy of what the summary and the picture are made of."""
    (tmp_path / "results").mkdir()
    for path in (ROOT / "results").glob("*.json"):
        (tmp_path / "results" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "space").mkdir()
    (tmp_path / "space" / "model").symlink_to(ROOT / "space" / "model")
    (tmp_path / "space" / "tiny_model").symlink_to(ROOT / "space" / "tiny_model")
    return tmp_path


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


def find(contenders, name):
    return next(each for each in contenders if each.name == name)


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
    assert "takes 4,321 reviews a second" in summary
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
    assert re.search(r" are missed, by [\d., and]*\b5\.6\b[\d., and]* points\.", summary)


@pytest.mark.parametrize(
    ("accuracy", "said"),
    [
        (0.95, r"\*\*More accurate than what people use instead\.\*\*.* `flagship` gets 95\.0 % right with \d"),
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


def complete(contenders):
    """Return the contenders as they will be once all are measured."""
    speeds, accuracies = (
        {POOLED: 4400.0, NB_SVM: 700.0},
        dict.fromkeys([BF16, "ours, BiLSTM, fp32", PACKED, KERAS], 90.7),
    )
    return [
        dataclasses.replace(
            each,
            reviews_per_s=each.reviews_per_s or speeds.get(each.name),
            accuracy=each.accuracy or accuracies.get(each.name),
        )
        for each in contenders
    ]


@pytest.mark.parametrize("contenders", [COMMITTED, complete(COMMITTED)], ids=["as committed", "all measured"])
def test_labels_overlap_neither_each_other_nor_markers(contenders):
    figure = draw_picture([Panel("2 cores", contenders)], THEMES["accuracy-and-speed.png"])
    figure.draw_without_rendering()
    (axes,) = figure.axes
    labels = axes.texts
    has_strip = any(each.accuracy is None for each in contenders)
    assert len(labels) == len(contenders) + has_strip  # which says what it is
    boxes = [label.get_window_extent() for label in labels]
    for index, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:index]), labels[index].get_text()
    markers = [line.get_window_extent() for line in axes.lines if line.get_marker() != "None"]
    assert len(markers) == sum(each.reviews_per_s is not None for each in contenders)
    for label, box in zip(labels, boxes, strict=True):
        assert not any(box.overlaps(marker) for marker in markers), label.get_text()
        assert figure.bbox.x0 < box.x0 < box.x1 < figure.bbox.x1


def test_a_line_joins_a_label_that_is_far_away_and_its_marker():
    figure = draw_picture([Panel("2 cores", COMMITTED)], THEMES["accuracy-and-speed.png"])
    figure.draw_without_rendering()
    (axes,) = figure.axes
    starts = {(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines if line.get_linewidth() < 1}
    far = {label.xy for label in axes.texts if math.hypot(*label.get_position()) > 22}
    assert far
    assert starts == far


def test_a_label_stands_at_the_nearest_free_place_that_is_its_own():
    inside = Box(0, 0, 200, 200)
    alone = Label(100, 100, 50, 10)
    assert place_labels([alone], [], inside, 1.0) == [Place(9, 0)]
    assert place_labels([alone], [Box(110, 90, 150, 110)], inside, 1.0) == [Place(-9, 0)]
    assert place_labels([Label(5, 100, 50, 10)], [Box(10, 90, 150, 110)], inside, 1.0) == [Place(0.3 * 16, 16)]
    # Between the two, and left of both, a label would seem to be of the other one.
    pair = [Label(94, 100, 50, 10), Label(106, 100, 50, 10)]
    assert place_labels(pair, [Box(90, 96, 98, 104), Box(102, 96, 110, 104)], inside, 1.0) == [
        Place(-9, 0),
        Place(9, 0),
    ]


@pytest.mark.parametrize("seed", range(5))
def test_labels_are_placed_clear_of_all_that_is_there(seed):
    draw = random.Random(seed)
    labels = [Label(draw.uniform(100, 900), draw.uniform(100, 900), 120, 30) for _ in range(12)]
    markers = [Box(label.x - 5, label.y - 5, label.x + 5, label.y + 5) for label in labels]
    inside = Box(0, 0, 1000, 1000)
    places = place_labels(labels, markers, inside, 1.0)
    boxes = [find_box(label, place, 1.0) for label, place in zip(labels, places, strict=True)]
    assert all(inside.holds(box) for box in boxes)
    for index, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in (*markers, *boxes[:index]))


def test_nothing_is_drawn_at_an_accuracy_that_nobody_measured():
    contenders = [
        Contender(name="a", kind="ours", accuracy=90.0, reviews_per_s=100.0),
        Contender(name="b", kind="neural", accuracy=None, reviews_per_s=10.0),
        Contender(name="c", kind="linear", accuracy=91.0, reviews_per_s=None),
        Contender(name="d", kind="linear", accuracy=None, reviews_per_s=None),
    ]
    figure = draw_picture([Panel("2 cores", contenders)], THEMES["accuracy-and-speed-dark.png"])
    (axes,) = figure.axes
    heights = [line.get_ydata()[0] for line in axes.lines if line.get_marker() != "None"]
    assert heights[0] == 90
    assert heights[1] < 90 - 0.6  # in the strip, which says so
    texts = [text.get_text() for text in axes.texts]
    assert "accuracy not measured yet" in texts
    assert "c: 91.0 %, not timed yet" in texts
    assert "a\n90.0 %" in texts
    assert "b" in texts
    assert not any(text.startswith("d") for text in texts)


def test_the_front_is_of_those_that_nobody_passes_in_both():
    speeds_and_accuracies = [(10, 93), (20, 92), (15, 91.5), (90, 90), (90, 89), (None, 99), (500, None)]
    contenders = [
        Contender(name="", kind="ours", accuracy=accuracy, reviews_per_s=speed)
        for speed, accuracy in speeds_and_accuracies
    ]
    assert find_front(contenders) == [(10, 93), (20, 92), (90, 90)]


def test_other_kinds_of_processors_have_panels_of_their_own(root):
    path = root / "results" / "benchmark.json"
    benchmark = json.loads(path.read_text())
    machine = {"num_cores": 4, "isa_flags": ["avx2"], "onednn_max_cpu_isa": None}
    slower = json.loads(json.dumps(benchmark["sections"]))
    slower["text-to-label"]["contenders"][FASTTEXT]["metrics"] = {"reviews_per_s": {"median": 7.0}}
    benchmark["other_processors"] = {"AVX2": {**benchmark, "machine": machine, "sections": slower}}
    path.write_text(json.dumps(benchmark))
    first, second = collect_panels(root)
    assert (first.contenders, second.machine) == (COMMITTED, "4 CPU cores, AVX2")
    assert find(second.contenders, FASTTEXT).reviews_per_s == 7
    assert len(draw_picture([first, second], THEMES["accuracy-and-speed.png"]).axes) == 2


def test_a_picture_says_what_it_shows(tmp_path):
    contenders = [Contender(name="ü", kind="ours", accuracy=90.123456, note="published", reviews_per_s=100.0)]
    panels = [Panel("fast", contenders), Panel("slow", contenders)]
    path = tmp_path / "new" / "picture.png"
    save_picture(draw_picture(panels, THEMES["accuracy-and-speed.png"]), panels, path)
    assert read_description(path) == describe_panels(panels)
    assert json.loads(read_description(path))[1]["contenders"][0]["accuracy"] == 90.12
    assert read_description(tmp_path / "none.png") is None
    (tmp_path / "other.png").write_bytes(path.read_bytes().replace(b"Description", b"Something!!"))
    assert read_description(tmp_path / "other.png") is None


@pytest.mark.parametrize("name", THEMES)
def test_the_committed_pictures_show_what_the_files_say(name):
    path = ROOT / IMAGES / name
    assert read_description(path) == describe_panels(collect_panels(ROOT)), "run python scripts/draw_speed.py"
    assert path.stat().st_size < 150_000


def test_the_script_draws_both(tmp_path, capsys):
    runpy.run_path(str(ROOT / "scripts" / "draw_speed.py"))["main"](["--output-dir", str(tmp_path)])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(THEMES)
    assert capsys.readouterr().out.count("saved in") == 2
