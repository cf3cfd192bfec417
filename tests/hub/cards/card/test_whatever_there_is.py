"""Whatever there is to tell, and whatever is called how, the card stays a card."""

import copy
import json
import re
from pathlib import Path

import pytest
from huggingface_hub import ModelCard
from hypothesis import given, settings
from hypothesis import strategies as st
from rendered_cards import REPO_ROOT, read_tables, render
from run_records import make_recipe, make_report, make_results

from hf_lstm.edit_mark import is_unedited
from hf_lstm.errors import InputError


@pytest.mark.parametrize("recipe", [None, make_recipe()], ids=["no recipe", "recipe"])
def test_without_results_nothing_measured_is_claimed(recipe):
    card = render(recipe=recipe, results=None, repo_id=None)
    data = ModelCard(card).data
    assert data.eval_results is None
    assert data.metrics is None
    assert "model-index" not in card
    assert "%" not in card
    assert "## Results" not in card
    assert "## Reproduction" not in card
    assert 'from_pretrained(".")' in card
    assert ("packed-lstm" in card) == (recipe is not None)


@pytest.mark.parametrize("recipe", [None, make_recipe()], ids=["no recipe", "recipe"])
@pytest.mark.parametrize("results", [None, make_results()], ids=["no results", "results"])
@pytest.mark.parametrize("repo_id", [None, "me/imdb-lstm"])
def test_no_line_shows_a_missing_value(recipe, results, repo_id):
    card = render(recipe=recipe, results=results, repo_id=repo_id)
    for blank in ("None", "Undefined", " ()", ": .\n", " \n", "| |", "\n\n\n", "{{", "{%", "{#"):
        assert blank not in card, blank
    assert str(ModelCard(card)) == card  # saving it through the client changes nothing
    assert is_unedited(card)


@pytest.mark.parametrize("recipe", [None, make_recipe()], ids=["no recipe", "recipe"])
@pytest.mark.parametrize("results", [None, make_results()], ids=["no results", "results"])
@pytest.mark.parametrize("has_report", [False, True])
def test_every_combination_renders(tmp_path, recipe, results, has_report):
    folder = make_report(tmp_path) if has_report else tmp_path
    card = render(recipe=recipe, results=results, folder=folder)
    for blank in ("None", "Undefined", " ()", ": .\n", " \n", "| |", "\n\n\n", "{%", "{#"):
        assert blank not in card, blank
    assert is_unedited(card)
    assert ("report/" in card) == (has_report and results is not None)


@pytest.mark.parametrize("path", sorted((REPO_ROOT / "results").glob("*-seed*.json")), ids=lambda path: path.stem)
def test_results_of_runs_render(path):
    assert "## Results" in render(results=json.loads(path.read_text()))


@pytest.mark.parametrize("num_labels", [2, 3, 20, 21, 50, 200])
def test_any_number_of_labels(num_labels):
    labels = [f"label {i}" for i in range(num_labels)]
    card = render(labels)
    assert f"one of {num_labels:,} labels: label 0, label 1" in card
    assert (f"label 19 and {num_labels - 20} more, which `config.json` lists." in card) == (num_labels > 20)
    per_label = [table for table in read_tables(card) if table[0][0] == "label"]
    assert [len(table) - 2 for table in per_label] == [num_labels if num_labels <= 50 else 20] * 2
    assert card.count(f"Of {num_labels:,} labels, these are the 10 with the most rows") == (2 if num_labels > 50 else 0)
    matrices = [table for table in read_tables(card) if table[0][0] == "true label"]
    assert [len(table) - 2 for table in matrices] == ([num_labels] * 2 if num_labels <= 20 else [])
    assert ("The confusion matrix is in `results.json`" in card) == (num_labels > 20)
    assert len(card) < 40_000


@settings(deadline=None, max_examples=15)
@given(st.lists(st.text(min_size=1, max_size=20), min_size=2, max_size=5, unique=True))
def test_odd_label_names_stay_in_their_cells(labels):
    card = render(labels)
    for table in read_tables(card):
        assert len({len(row) for row in table}) == 1, table
    assert is_unedited(card)
    assert "<script" not in card


HOSTILE = "<img src=x onerror=alert(1)> [a](http://evil.example) `<script>` ``` \n# heading\n| cell"


def find_texts(value, place=()):
    """The places of all texts in JSON."""
    if isinstance(value, str):
        yield place
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    for key, each in items:
        yield from find_texts(each, (*place, key))


def replace_text(value, place, text):
    value = copy.deepcopy(value)
    inner = value
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = text
    return value


def drop_code(card):
    """A card without its front matter, and without what stands in code, where nothing has a meaning."""
    body = card.split("\n---\n", 1)[1]
    return re.sub(r"(`+)[^`\n]+?\1", "", re.sub(r"^```.*?^```$", "", body, flags=re.DOTALL | re.MULTILINE))


@pytest.mark.parametrize("argument", ["recipe", "results"])
def test_no_text_of_somebodys_file_is_more_than_text(argument):
    honest = {"recipe": make_recipe(), "results": make_results()}[argument]
    places = list(find_texts(json.loads(json.dumps(honest))))
    assert len(places) > 5
    for place in places:
        try:
            card = render(**{argument: replace_text(json.loads(json.dumps(honest)), place, HOSTILE)})
        except InputError:
            continue
        text = drop_code(card)
        for raw in ("<img", "<script", "\n# heading", "](http://evil"):
            assert raw not in text, (place, raw)


def test_local_data_is_named_without_its_folders(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "reviews").touch()
    monkeypatch.chdir(tmp_path)
    for source in ("data/reviews", str(tmp_path / "reviews"), "elsewhere/reviews.csv"):
        card = render(recipe=None, results=make_results(source=source))
        data = ModelCard(card).data
        assert data.datasets is None
        assert data.eval_results[0].dataset_type == Path(source).name
        assert str(tmp_path) not in card
        assert "maas-etal" not in card
        assert "sentiment-analysis" not in card


@pytest.mark.parametrize("path", [("dataset",), ("splits", "test", "loss"), ("versions",), ("epochs",), ("seed",)])
def test_a_missing_figure_is_an_error(path):
    results = make_results()
    part = results
    for key in path[:-1]:
        part = part[key]
    del part[path[-1]]
    with pytest.raises(InputError, match="expected what a run of hf_lstm writes") as caught:
        render(results=results)
    assert path[-1] in str(caught.value)
    assert "\n" not in str(caught.value)
