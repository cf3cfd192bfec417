"""`scripts/measure_explanations.py` as users run it."""

import json
from pathlib import Path

import pytest
from measure_explanations import choose_strongest, delete_words, occlude

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "measure_explanations.py"


def test_figures_are_printed_and_written(run_script, tiny_model_folder, tmp_path):
    sizes = ["--num-reviews", "8", "--num-occluded", "2"]
    result = run_script(SCRIPT, tiny_model_folder.name, "--dataset", "sample", *sizes, "--output", "figures.json")
    assert result.returncode == 0, result.stderr
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["command"].startswith("python scripts/measure_explanations.py tiny-model --dataset sample")
    assert figures["num_reviews"] == 8
    assert figures["fewer_reviews"]["num_reviews"] == 2
    assert figures["largest_relative_error"] < 0.01
    for deletion in (figures["strongest"], figures["random"], figures["fewer_reviews"]["occlusion"]):
        drop = deletion["probability_before"] - deletion["probability_after"]
        assert deletion["drop"] == pytest.approx(drop, abs=1e-6)
    assert figures["fewer_reviews"]["occlusion"]["drop"] > 0
    assert "8 test reviews of sample" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--num-reviews", "1"], "expected at least 2"),
        (["--output", "nowhere/figures.json"], "there is no folder nowhere"),
        (["--dataset", "nowhere.csv"], "nowhere.csv"),
    ],
)
def test_wrong_use_is_one_clear_line(run_script, tiny_model_folder, arguments, expected):
    result = run_script(SCRIPT, tiny_model_folder.name, *arguments)
    assert result.returncode == 2
    assert expected in result.stderr.splitlines()[-1]


def test_words_are_deleted_by_their_span(tiny_model):
    text = "A dull film, a WASTE of 🎬 time"
    words = tiny_model.explain(text)
    assert delete_words(text, words[1:3]) == "A  , a WASTE of 🎬 time"
    assert delete_words(text, words[::-1]) == "  ,    🎬 "


def test_the_strongest_by_occlusion_cost_the_label_most(tiny_model):
    text = "a great film and a dull waste"
    occluded = occlude(tiny_model, text, tiny_model.explain(text), 1)
    strongest, *_, weakest = choose_strongest(occluded)
    without = tiny_model.predict_proba([delete_words(text, [word]) for word in (strongest, weakest)])
    assert without[0, 1] < without[1, 1]
