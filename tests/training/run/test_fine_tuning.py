"""Runs that start from another model: what they take from it, and what is refused."""

import dataclasses
import json

import pytest
import torch
from huggingface_hub import ModelCard
from mood_runs import options

from hf_lstm import InputError, LSTMSentiment
from hf_lstm.config.overrides import override_recipe
from hf_lstm.records.results import BaseModelFacts
from hf_lstm.training.run import run_experiment


def copy_with_other_labels(path):
    """The same rows, of which those that were so-so are called plain."""
    other = path.with_name("other.csv")
    other.write_text(path.read_text().replace(",so-so", ",plain"))
    return other


@pytest.mark.parametrize("has_same_labels", [True, False])
def test_a_fine_tuned_model_starts_from_the_weights_of_another(
    finished_run, tmp_path, recipe, reviews, has_same_labels
):
    base_folder, base_results = finished_run
    dataset = reviews if has_same_labels else copy_with_other_labels(reviews)
    recipe = dataclasses.replace(recipe, model=dataclasses.replace(recipe.model, hidden_size=5))
    changes = [f"train.init_from={base_folder}", f"data.dataset={dataset}"]
    slow = ["train.num_epochs=1", "train.learning_rate=1e-7"]  # what it starts from is what is left
    results = run_experiment(override_recipe(recipe, [*changes, *slow]), options(tmp_path))
    assert results.init_from == BaseModelFacts(
        source=base_folder.name,
        is_on_hub=False,
        weights_sha256=base_results.weights_sha256,
        keeps_classifier=has_same_labels,
        is_language_model=False,
    )
    base, tuned = (LSTMSentiment.from_pretrained(folder) for folder in (base_folder, tmp_path / "run"))
    assert tuned.tokenizer.to_str() == base.tokenizer.to_str()
    assert set(tuned.config.id2label.values()) == {"glad", "sad", "so-so" if has_same_labels else "plain"}
    for name, weights in base.state_dict().items():
        is_kept = torch.allclose(tuned.state_dict()[name], weights, atol=1e-4)
        assert is_kept == (has_same_labels or not name.startswith("classifier.")), name
    assert json.loads((tmp_path / "run" / "recipe.json").read_text())["model"]["hidden_size"] == 8
    assert "It started from the weights of" in (tmp_path / "run" / "README.md").read_text()


def test_a_fine_tuned_model_reads_as_much_as_its_base_unless_told_otherwise(finished_run, tmp_path, recipe):
    base_folder, _ = finished_run
    base = LSTMSentiment.from_pretrained(base_folder).config
    own = dataclasses.replace(recipe.model, max_length_tokens=99, truncation="last", max_length_characters=88)
    recipe = dataclasses.replace(recipe, model=own)
    recipe = override_recipe(recipe, [f"train.init_from={base_folder}", "train.num_epochs=1"])
    run_experiment(recipe, options(tmp_path))
    found = LSTMSentiment.from_pretrained(tmp_path / "run").config
    assert (found.max_length_tokens, found.truncation) == (base.max_length_tokens, base.truncation)

    told = override_recipe(recipe, ["model.max_length_tokens=3", "model.truncation=head_tail"])
    with pytest.raises(InputError, match=r"model\.max_length_tokens was 400 and is 3 now; model\.truncation was first"):
        run_experiment(told, options(tmp_path, resume=True))
    run_experiment(told, options(tmp_path, overwrite=True))
    tuned = LSTMSentiment.from_pretrained(tmp_path / "run")
    assert (tuned.config.max_length_tokens, tuned.config.truncation) == (3, "head_tail")
    assert tuned.config.max_length_characters == base.max_length_characters
    saved = json.loads((tmp_path / "run" / "recipe.json").read_text())
    assert saved["model"]["max_length_tokens"] == 3
    assert saved["given"] == {"model.max_length_tokens": 3, "model.truncation": "head_tail"}
    assert tuned.recipe.given == ("model.max_length_tokens", "model.truncation")
    run_experiment(told, options(tmp_path, resume=True))
    for other, said in [
        (recipe, r"given\.model\.max_length_tokens was 3 and is none now"),
        (override_recipe(told, ["model.max_length_tokens=4"]), r"model\.max_length_tokens was 3 and is 4 now; pass"),
    ]:
        with pytest.raises(InputError, match=f"another one: {said}"):
            run_experiment(other, options(tmp_path, resume=True))


def test_what_the_base_determines_is_refused_before_the_data_are_read(finished_run, tmp_path, recipe):
    changes = [f"train.init_from={finished_run[0]}", f"data.dataset={tmp_path / 'none.csv'}", "model.hidden_size=5"]
    with pytest.raises(InputError, match=r"model\.hidden_size: the model to start from, .*, and has 8; leave"):
        run_experiment(override_recipe(recipe, changes), options(tmp_path))


def test_what_does_not_go_with_the_base_is_refused_before_the_data_are_read(tmp_path, recipe):
    recipe = override_recipe(recipe, ["model.bidirectional=true"])
    recipe = dataclasses.replace(recipe, given=())  # as a recipe of the catalog has it
    changes = ["train.init_from=flagship-tiny", f"data.dataset={tmp_path / 'none.csv'}", "model.direction_dropout=0.1"]
    with pytest.raises(InputError, match=r"model\.direction_dropout is 0\.1, but must be 0: model\.bidirectional is f"):
        run_experiment(override_recipe(recipe, changes), options(tmp_path))


@pytest.mark.parametrize("average", ["none", "0.9"])
def test_a_frozen_embedding_is_that_of_the_base_model_to_the_bit(finished_run, tmp_path, recipe, average):
    base_folder, _ = finished_run
    changes = [f"train.init_from={base_folder}", "train.num_epochs=2", "train.weight_decay=0.1"]
    frozen = ["train.freeze_embeddings=true", f"train.ema_decay={average}"]
    run_experiment(override_recipe(recipe, [*changes, *frozen]), options(tmp_path))
    base, tuned = (LSTMSentiment.from_pretrained(folder).state_dict() for folder in (base_folder, tmp_path / "run"))
    assert [name for name, weights in base.items() if torch.equal(weights, tuned[name])] == ["embedding.weight"]
    assert "whose word vectors stayed as they were" in (tmp_path / "run" / "README.md").read_text()


def test_a_model_of_the_hub_is_the_base_of_what_is_fine_tuned(hub, tmp_path, recipe, tiny_model_folder):
    hub.add_repo("org/base", folder=tiny_model_folder)
    changes = ["train.init_from=org/base", "train.num_epochs=1"]
    results = run_experiment(override_recipe(recipe, changes), options(tmp_path))
    assert (results.init_from.source, results.init_from.is_on_hub) == ("org/base", True)
    data = ModelCard.load(tmp_path / "run" / "README.md").data.to_dict()
    assert (data["base_model"], data["base_model_relation"]) == ("org/base", "finetune")


def test_a_model_to_fine_tune_that_is_not_there_is_one_line(tmp_path, recipe):
    changed = override_recipe(recipe, [f"train.init_from={tmp_path / 'none'}"])
    with pytest.raises(InputError, match="is neither a folder here nor a Hub id"):
        run_experiment(changed, options(tmp_path))
    assert not (tmp_path / "run").exists()
