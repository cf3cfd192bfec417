"""The picture shows what was measured, and its labels can be read."""

import dataclasses
import json
import math
import random
import runpy

import pytest
from measured_contenders import ROOT, find

from benchmarking.sections.text_to_label import BF16, FASTTEXT, KERAS, NB_SVM, PACKED, POOLED
from tables.picture.drawing import draw_picture, find_front
from tables.picture.files import IMAGES, describe_panels, read_description, save_picture
from tables.picture.label_places import Box, Label, Place, find_box, place_labels
from tables.picture.themes import THEMES
from tables.speed.contenders import Contender, Panel, collect_contenders, collect_panels

COMMITTED = collect_contenders(ROOT)


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
