"""The card's front matter: it parses back, and has what was measured and chosen, of which data."""

import pytest
import yaml
from huggingface_hub import ModelCard, ModelCardData
from huggingface_hub.repocard_data import eval_results_to_model_index, model_index_to_eval_results
from rendered_cards import render
from run_records import make_recipe, make_report, make_results

from hf_lstm.config.recipes.published import STOPWORD_LSTM
from hf_lstm.hub.cards.metadata import CardChoices, name_repository


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


def test_figures_of_the_metadata_are_round():
    results = make_results()
    results["splits"]["test"]["accuracy"] = 0.8844000000000001
    assert "value: 0.8844\n" in render(results=results)


def test_the_sample_is_imdb_but_not_its_test_split():
    data = ModelCard(render(recipe=make_recipe(dataset="sample"), results=make_results(source="sample"))).data
    assert data.datasets == ["stanfordnlp/imdb"]
    assert data.eval_results[0].dataset_split is None
