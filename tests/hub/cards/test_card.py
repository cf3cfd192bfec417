"""The card: every figure in it comes from the run, it parses back, and an edit of it is noticed."""

import copy
import dataclasses
import json
import re
import shutil
import subprocess
import sys
from itertools import accumulate
from pathlib import Path

import pytest
import yaml
from huggingface_hub import ModelCard, ModelCardData
from huggingface_hub.repocard_data import eval_results_to_model_index, model_index_to_eval_results
from hypothesis import given, settings
from hypothesis import strategies as st
from run_records import NEG_POS, make_config, make_recipe, make_report, make_results, parse_recipe, parse_results

from hf_lstm.config.recipes.published import STOPWORD_LSTM
from hf_lstm.edit_mark import is_unedited
from hf_lstm.errors import InputError
from hf_lstm.hub.cards.card import render_card
from hf_lstm.hub.cards.metadata import CardChoices, name_repository
from hf_lstm.records.places import IMDB_ROWS_SHA256

REPO_ROOT = Path(__file__).resolve().parents[3]


def render(labels=NEG_POS, **changes):
    arguments = {
        "config": make_config(labels),
        "recipe": make_recipe(labels=labels),
        "results": make_results(labels),
        "repo_id": "me/imdb-lstm",
    }
    arguments |= changes
    parsed = {"recipe": parse_recipe(arguments["recipe"]), "results": parse_results(arguments["results"])}
    return render_card(**{**arguments, **parsed})


def read_tables(card):
    """The tables of a Markdown text, each a list of rows of cells."""
    tables = re.findall(r"(?:^\|.*\|$\n)+", card, flags=re.MULTILINE)
    cells = [[re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines()] for table in tables]
    return [[[cell.strip() for cell in row] for row in table] for table in cells]


def test_front_matter_parses_back():
    data = ModelCard(render()).data
    assert data.language == "en"
    assert data.license is None
    assert data.library_name == "hf_lstm"
    assert data.pipeline_tag == "text-classification"
    assert data.datasets == ["stanfordnlp/imdb"]
    assert data.metrics == ["accuracy", "precision", "recall", "f1"]
    assert {"lstm", "sentiment-analysis", "movie-reviews", "pytorch", "pytorch_model_hub_mixin"} <= set(data.tags)


def test_licence_and_language_are_what_somebody_chose():
    chosen = ModelCard(render(choices=CardChoices(license="mit", language="de"))).data
    assert (chosen.license, chosen.language) == ("mit", "de")
    assert "The weights and the tokenizer are under `mit`." in render(choices=CardChoices(license="mit"))
    assert "chose no licence" in render()
    assert ModelCard(render(results=make_results(source="kritiken.csv"))).data.language is None


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("stanfordnlp/imdb", "imdb-lstm"), ("sample", "imdb-lstm"), ("My Notes (2024).csv", "my-notes-2024-keras-lstm"),
        ("tickets", "tickets-keras-lstm"), ("org/ag_news", "ag-news-keras-lstm"), ("影评.csv", "keras-lstm"),
        ("data in memory", "keras-lstm"), (None, "keras-lstm"),
    ],
)  # fmt: skip
def test_repositories_are_named_after_their_data(source, expected):
    assert name_repository(source, "keras-lstm") == expected


def test_repositories_of_unknown_recipes_have_a_name_that_the_hub_takes():
    assert name_repository("tickets.csv", None) == "tickets-lstm"
    assert name_repository(None, None) == "lstm"
    assert len(name_repository(f"{'long ' * 40}.csv", "x")) <= 80


def test_model_index_holds_the_measured_test_figures():
    data = ModelCard(render()).data
    assert data.model_name == "imdb-lstm"
    test = make_results()["splits"]["test"]
    assert {result.metric_type: result.metric_value for result in data.eval_results} == {
        name: test[name] for name in ("accuracy", "precision", "recall", "f1")
    }
    assert {result.metric_type: result.metric_args for result in data.eval_results} == {
        "accuracy": None, "precision": {"average": "macro"}, "recall": {"average": "macro"}, "f1": {"average": "macro"},
    }  # fmt: skip
    for result in data.eval_results:
        assert result.task_type == "text-classification"
        assert (result.dataset_type, result.dataset_name, result.dataset_split) == ("stanfordnlp/imdb", "IMDB", "test")
        assert result.verified is None


@pytest.mark.parametrize(
    ("source", "is_on_hub", "is_told"),
    [("org/base", True, True), ("runs/base", False, False), ("me/imdb-lstm", True, False)],
    ids=["Hub", "folder", "an earlier version of itself"],
)
def test_a_fine_tuned_model_names_its_base_on_the_hub(source, is_on_hub, is_told):
    init_from = {"source": source, "is_on_hub": is_on_hub, "weights_sha256": "ab" * 32, "keeps_classifier": True}
    card = render(results={**make_results(), "init_from": init_from})
    told = {name: value for name, value in ModelCard(card).data.to_dict().items() if name.startswith("base_model")}
    assert told == ({"base_model": source, "base_model_relation": "finetune"} if is_told else {})
    assert (f"the weights of [{source}](https://huggingface.co/{source}) (SHA" in card) == is_on_hub


@pytest.mark.parametrize("results", [None, make_results()], ids=["no results", "results"])
def test_metadata_is_valid_to_the_client_and_survives_yaml(results, tmp_path):
    card = render(results=results, folder=make_report(tmp_path))
    fields = yaml.safe_load(card.split("---\n")[1])
    data = ModelCardData(**fields)
    assert data.to_dict() == fields
    assert yaml.safe_load(data.to_yaml()) == fields
    assert ("model-index" in fields) == (results is not None)
    if results:
        name, eval_results = model_index_to_eval_results(fields["model-index"])
        assert (name, len(eval_results)) == ("imdb-lstm", 4)
        assert eval_results_to_model_index(name, eval_results) == fields["model-index"]
        assert {(result.dataset_config, result.dataset_split) for result in eval_results} == {("plain_text", "test")}


def test_the_widget_has_reviews_and_the_answers_that_were_measured(tmp_path):
    without_report = ModelCard(render()).data.to_dict()["widget"]
    assert [set(example) for example in without_report] == [{"text", "example_title"}] * 2
    card = render(folder=make_report(tmp_path))
    assert ModelCard(card).data.to_dict()["widget"] == [
        *without_report,
        {
            "text": "Not bad_.",
            "example_title": "Tricky review 1",
            "output": [{"label": "neg", "score": 0.75}, {"label": "pos", "score": 0.25}],
        },
    ]
    assert "widget" not in ModelCard(render(results=make_results(source="reviews.csv"))).data.to_dict()


def test_a_test_split_of_our_own_is_not_called_the_data_sets():
    card = render(recipe=make_recipe(STOPWORD_LSTM))
    for result in ModelCard(card).data.eval_results:
        assert (result.dataset_name, result.dataset_split) == ("IMDB (test split of the run)", None)
    assert "test is not the data set's own" in card


def test_body_shows_what_the_run_wrote():
    card = render()
    assert 'LSTMSentiment.from_pretrained("me/imdb-lstm")' in card
    assert "```bash\npython scripts/train.py --recipe packed-lstm --seed 7\n```" in card
    assert "| parameters | 2,867,049 |" in card
    assert "Seed 7, device cpu, bfloat16, 2 threads, code at commit" in card
    assert "| training and measuring took | 5 min 33 s on cpu with 2 threads |" in card
    assert "| reads | the first 256 tokens of a text |" in card
    assert f"`{'ab' * 20}`" in card
    assert "@inproceedings{maas-etal-2011-learning," in card
    _, rows, duplicates, epochs, settings, splits, published, _, matrix, *_, versions = read_tables(card)
    assert published[2:] == [["test", "81.91 %", "87.12 %"], ["validation", "83.08 %", "81.23 %"]]
    assert rows[2:] == [["train", "20,000"], ["validation", "5,000"], ["test", "25,000"]]
    assert duplicates[2:] == [["repeats within train", "96"], ["test rows whose text is in train", "123"]]
    assert ["train.learning_rate", "0.001"] in settings
    assert ["tokenizer.max_words", "25000"] in settings
    assert epochs[2:] == [["1", "0.5432", "71.00 %", "0.4321", "81.23 %"]]
    figures = ["2,468", "0.3457", "81.23 %", "86.69 to 87.53 %", "87.01 %", "86.02 %", "86.53 %"]
    assert splits[2:] == [["test", *figures[:2], "87.12 %", *figures[3:]], ["validation", *figures]]
    assert "It is right on **87.12 %** of 2,468 test texts (95 % interval 86.69 to 87.53 %).\n" in card
    assert card.index("### By label, test") < card.index("<summary>By label, validation")
    assert card.count("<details>") == card.count("</details>") == 3
    assert matrix == [
        ["true label", "predicted neg", "predicted pos"], ["---", "---:", "---:"],
        ["neg", "1,000", "11"], ["pos", "10", "1,001"],
    ]  # fmt: skip
    assert versions[2:] == [["python", "3.11.2"], ["torch", "2.13.0"]]


def test_figures_of_the_metadata_are_round():
    results = make_results()
    results["splits"]["test"]["accuracy"] = 0.8844000000000001
    assert "value: 0.8844\n" in render(results=results)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("--dataset /mnt/imdb --seed 7", "--dataset stanfordnlp/imdb --seed 7"),
        ("--dataset='/mnt/my data' --seed 7", "--dataset=stanfordnlp/imdb --seed 7"),
        ("--set data.dataset=../imdb train.seed=7", "--set data.dataset=stanfordnlp/imdb train.seed=7"),
        ("--seed 7", "--seed 7"),
    ],
)
def test_the_command_names_the_data_set_of_which_a_copy_was_read(given, shown):
    results = make_results(source="/mnt/imdb")
    results["dataset"]["rows_sha256"] = IMDB_ROWS_SHA256
    results["command"] = f"python scripts/train.py {given}"
    card = render(results=results)
    assert f"```bash\npython scripts/train.py {shown}\n```" in card
    assert "/mnt" not in card
    assert "are not part of this repository" not in card


@pytest.mark.parametrize("has_glove", [False, True])
def test_bibtex_entries_are_balanced(has_glove):
    results = make_results_with_vectors("glove", "glove.txt") if has_glove else make_results()
    (bibtex,) = re.findall(r"```bibtex\n(.*?)```", render(results=results), flags=re.DOTALL)
    entries = [f"@{entry}".strip() for entry in bibtex.split("@")[1:]]
    assert len(entries) == 2 + has_glove
    for entry in entries:
        depths = list(accumulate({"{": 1, "}": -1}.get(character, 0) for character in entry))
        assert depths.index(0, entry.index("{")) == len(entry) - 1  # the brace that closes the entry is its end


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


@pytest.mark.parametrize("has_plots", [False, True])
def test_the_report_and_the_weights_are_told_of(tmp_path, has_plots):
    card = render(folder=make_report(tmp_path, has_plots=has_plots), results=make_results(), shows_examples=True)
    assert "| weights | 10.9 MB, float32 |" in card
    assert ("(report/reliability.png)" in card) == has_plots
    assert "(report/report.md)" in card
    assert "| 4 to 120 | 5,000 | 90.00 % | 89.14 to 90.80 % |" in card
    assert card.count("It is neg, and was called pos with 99.87 %; what spoke most for it: fine, film.") == 3
    assert card.count(" …\n") == 3  # 507 characters are too many
    assert "<b" not in card
    assert "| Not bad\\_. | 25.00 % | yes |" in card
    assert "9 test texts are in train or validation too" in card
    assert "| test | 1.000 | 1.20 % | 3.40 % | 0.3123 | 0.3457 |" in card
    assert "| 87.12 % | 86.69 to 87.53 % |" in card


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


def make_results_with_vectors(source, file, **changes):
    vectors = {"source": source, "file": file, "is_frozen": False, "num_found": 15_814, "num_entries": 25_002}
    shares = {"share_of_vocabulary": 0.6325, "share_of_train_tokens": 0.97}
    return {**make_results(), "embeddings": {**vectors, **shares, **changes}}


@pytest.mark.parametrize("source", ["/home/me/glove.6B.100d.txt", "stanfordnlp/glove"])
def test_glove_is_named_with_its_licence_and_coverage(source):
    card = render(results=make_results_with_vectors(source, "glove.6B.100d.txt", is_frozen=True))
    text = " ".join(card.split())
    assert "which stayed as they were: 15,814 of 25,002 vocabulary entries (63.25 %) and 97.00 % of the tokens" in text
    assert "Public Domain Dedication and License 1.0" in text
    assert "pennington-etal-2014-glove" in text
    assert "/home/me" not in text
    assert "glove" in ModelCard(card).data.tags


def test_other_vectors_are_not_called_glove():
    card = render(results=make_results_with_vectors("mine/vectors", "mine.txt"))
    assert "which were trained further" in card
    assert "`mine.txt`" in card
    for absent in ("GloVe", "pennington", "PDDL"):
        assert absent not in card
        assert absent not in render()


@pytest.mark.parametrize(
    ("truncation", "expected"),
    [
        ("first", "the first 401 tokens"),
        ("last", "the last 401"),
        ("head_tail", "the first 201 and the last 200 tokens"),
    ],
)
def test_which_tokens_are_read_is_told(truncation, expected):
    config = dataclasses.replace(make_config(), truncation=truncation, max_length_tokens=401)
    assert f"It reads {expected}" in render(config=config)


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


def test_the_sample_is_imdb_but_not_its_test_split():
    data = ModelCard(render(recipe=make_recipe(dataset="sample"), results=make_results(source="sample"))).data
    assert data.datasets == ["stanfordnlp/imdb"]
    assert data.eval_results[0].dataset_split is None


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


def test_rendering_changes_nothing_and_repeats_exactly():
    recipe, results = make_recipe(), make_results()
    before = copy.deepcopy((recipe, results))
    assert render(recipe=recipe, results=results) == render(recipe=recipe, results=results)
    assert (recipe, results) == before


def test_provenance_read_back_from_json_gives_the_same_card():
    recipe, results = (json.loads(json.dumps(value)) for value in (make_recipe(), make_results()))
    assert render(recipe=recipe, results=results) == render()


@pytest.mark.parametrize(
    "edit",
    [
        lambda card: card.replace("86.53 %", "96.53 %", 1),
        lambda card: card + "\nMy own notes.\n",
        lambda card: card.replace("language: en", "language: de"),
        lambda card: re.sub(r"<!-- generated.*-->", "", card),
        lambda card: "",
        lambda card: "---\nlicense: mit\n---\n\n# Mine\n",
    ],
    ids=["a figure", "more text", "front matter", "no marker", "empty", "another card"],
)
def test_an_edit_is_noticed(edit):
    assert is_unedited(render())
    assert not is_unedited(edit(render()))


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends_and_byte_order_mark_are_no_edit(newline):
    assert is_unedited("\ufeff" + render().replace("\n", newline).rstrip())


def test_an_installed_package_renders_the_same_card(tmp_path):
    """A wheel carries the template among the package's resources, and nothing of the checkout is beside it."""
    package = tmp_path / "hf_lstm"
    shutil.copytree(REPO_ROOT / "hf_lstm", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPO_ROOT / "model_card.md", package / "resources" / "model_card.md")
    code = """
import sys
from hf_lstm.hub.cards.card import render_card
from hf_lstm.config import ModelConfig
config = ModelConfig(vocab_size=25_002, id2label={0: "neg", 1: "pos"})
sys.stdout.write(sys.modules["hf_lstm.hub.cards.card"].__file__ + "\\n")
sys.stdout.write(render_card(config=config, recipe=None, results=None, repo_id=None))
"""
    output = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    used, _, card = output.partition("\n")
    assert Path(used) == package / "hub" / "cards" / "card.py"
    assert card == render(recipe=None, results=None, repo_id=None)  # whose config differs in nothing that is shown


def test_linear_models_on_the_same_rows_are_shown_with_the_lead():
    figures = {
        "split_sha256": "ab" * 32, "num_rows": 25_000, "accuracy": 0.90684, "accuracy_interval": [0.9031, 0.9104],
        "only_model_right": 900, "only_baseline_right": 1500, "lead": -0.024, "lead_interval": [-0.0278, -0.0202],
    }  # fmt: skip
    baseline = {
        "name": "NB|SVM", "library": "scikit-learn 1.9.1", "settings": {}, "num_train_rows": 22_519,
        "num_features": 438_654, "elapsed_s": 61.2, "splits": {"test": figures},
    }  # fmt: skip
    card = render(results={**make_results(), "baselines": [baseline]})
    assert "NB\\|SVM gets 90.68 % of them right; this model loses to it by 2.4 points" in card
    (table,) = [table for table in read_tables(card) if table[0][0] == "linear model"]
    assert table[2] == [
        "NB\\|SVM", "22,519 rows", "438,654", "90.68 %", "90.31 to 91.04 %", "-2.4 points", "-2.8 to -2.0",
    ]  # fmt: skip
    assert "linear model" not in render()
    worse = {**baseline, "name": "TF-IDF", "splits": {"test": {**figures, "accuracy": 0.8}}}
    card = render(results={**make_results(), "baselines": [baseline, worse]})
    assert "The best linear model of those below, NB\\|SVM, gets 90.68 % of them right; this model loses" in card
    assert "TF-IDF gets" not in card


def test_rows_to_know_of_are_listed_without_their_texts():
    results = make_results()
    results["dataset"]["findings"] = {"empty_texts": {"train": 3}, "small_labels": {"a|b": 4}}
    card = render(results=results)
    assert (
        "Rows to know of:\n\n- 3 texts of train are empty.\n- 1 label has fewer than 10 rows of train: 'a\\|b' (4)"
        in card
    )
    assert "Rows to know of" not in render()


def test_the_share_of_unknown_tokens_is_one_line_where_it_was_measured():
    results = make_results()
    assert "has no entry for" not in render(results=results)
    for split, share in (("validation", 0.02), ("test", 0.0125)):
        results["splits"][split]["unknown_tokens"] = share
    line = "The model has no entry for 1.25 % (test), 2.00 % (validation) of the tokens that it reads."
    assert line in render(results=results).splitlines()
