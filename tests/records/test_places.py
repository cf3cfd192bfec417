"""What names a place of this machine loses its folders; what names public data or the Hub stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_records import make_recipe, make_results

from hf_lstm.formats.catalog import FORMATS
from hf_lstm.formats.compression import COMPRESSED_SUFFIXES
from hf_lstm.records.places import (
    IMDB_ROWS_SHA256,
    SAMPLE_ROWS_SHA256,
    is_local,
    list_places,
    name_place,
    strip_command,
    strip_recipe,
    strip_results,
)


@pytest.mark.parametrize("suffix", [*FORMATS, *COMPRESSED_SUFFIXES])
def test_names_of_files_are_no_ids_of_the_hub(suffix):
    assert is_local(f"nobody/reviews{suffix}")


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("/home/me/secret/rows.csv", "rows.csv"), ("secret/rows.csv", "rows.csv"), ("~/secret/rows", "rows"),
        ("../secret/rows/", "rows"), (r"C:\Users\me\rows.csv", "rows.csv"), ("a/b/c", "c"), ("rows.csv", "rows.csv"),
        ("org/rows", "org/rows"), ("sample", "sample"), ("./sample", "sample (local)"), ("data in memory",) * 2,
        ("secret/*", "*"),
    ],
)  # fmt: skip
def test_a_source_is_named_without_its_folders(source, named):
    assert name_place(source) == named
    assert name_place(named) == named


def test_a_folder_here_that_looks_like_an_id_of_the_hub_is_no_id(tmp_path, monkeypatch):
    (tmp_path / "secret" / "rows").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert name_place("secret/rows") == "rows"
    assert list_places(make_recipe(dataset="secret/rows")) == {"data.dataset": str(tmp_path / "secret" / "rows")}
    assert list_places(make_recipe(dataset="org/rows")) == {}


@pytest.mark.parametrize(
    ("command", "stripped"),
    [
        ("hf-lstm train --dataset /home/me/x.csv --seed 7", "hf-lstm train --dataset x.csv --seed 7"),
        ("hf-lstm train --dataset='/home/me/my data.csv'", "hf-lstm train '--dataset=my data.csv'"),
        ("hf-lstm train --set data.dataset=secret/x.csv a.b=1", "hf-lstm train --set data.dataset=x.csv a.b=1"),
        ("python scripts/train.py --dataset org/name", "python scripts/train.py --dataset org/name"),
        ("hf-lstm train --output-dir runs/one", "hf-lstm train --output-dir runs/one"),
        ("hf-lstm train --output-dir /home/me/runs/one --push", "hf-lstm train --output-dir one --push"),
        ("hf-lstm train --commit-message 'of /home/me/x.csv'", "hf-lstm train --commit-message 'of x.csv'"),
        ("hf-lstm train --embeddings stanfordnlp/glove/glove.6B.zip", None),
        ("hf-lstm train --embeddings ~/glove.txt --init-from ../base", "hf-lstm train --embeddings glove.txt "
         "--init-from base"),
        ("hf_lstm.train(...)", None),
    ],
)  # fmt: skip
def test_a_command_loses_folders(command, stripped):
    assert strip_command(command) == (stripped or command)


@given(st.text(max_size=40))
def test_any_command_is_stripped_once_and_for_all(command):
    once = strip_command(f"hf-lstm train {command} --dataset /secretfolder/x.csv")
    assert strip_command(once) == once


@pytest.mark.parametrize(
    ("digest", "named"),
    [(IMDB_ROWS_SHA256, "stanfordnlp/imdb"), (SAMPLE_ROWS_SHA256, "sample"), ("cd" * 32, "imdb")],
)
def test_a_copy_of_public_data_gets_its_public_name(digest, named):
    results = make_results(source="/home/me/imdb")
    results["dataset"]["rows_sha256"] = digest
    results["command"] = "hf-lstm train --dataset /home/me/imdb"
    stripped = strip_results(results)
    assert stripped["dataset"]["source"] == named
    assert stripped["command"] == f"hf-lstm train --dataset {named}"
    assert strip_recipe(make_recipe(dataset="/home/me/imdb"), results)["data"]["dataset"] == named
    assert results["dataset"]["source"] == "/home/me/imdb"  # what was given is not changed


def test_all_settings_of_a_recipe_lose_folders(tmp_path):
    recipe, secret = make_recipe(), str(tmp_path / "secret")
    places = {"data.dataset", "data.group_file", "tokenizer.vocab", "train.embeddings", "train.init_from"}
    places |= {"train.unlabeled"}
    for place in places:
        section, _, name = place.partition(".")
        recipe[section][name] = f"{secret}/{name}"
    recipe["train"]["teachers"] = f"ngrams, {secret}/teacher,org/model"
    stripped = strip_recipe(recipe)
    assert secret not in str(stripped)
    assert stripped["train"]["teachers"] == "ngrams,teacher,org/model"
    assert all(stripped[place.split(".")[0]][place.split(".")[1]] == place.split(".")[1] for place in places)


@pytest.mark.parametrize(("is_on_hub", "named"), [(True, "runs/base"), (False, "base")])
def test_the_base_of_a_fine_tuned_model_is_named_by_what_it_was(is_on_hub, named):
    base = {"source": "runs/base", "is_on_hub": is_on_hub, "weights_sha256": "ab" * 32, "keeps_classifier": True}
    results = {**make_results(), "init_from": base}
    recipe = make_recipe()
    recipe["train"]["init_from"] = "runs/base"
    assert strip_results(results)["init_from"]["source"] == named
    assert strip_recipe(recipe, results)["train"]["init_from"] == named


def test_several_files_are_named_and_found_again_one_by_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.csv", "b c.csv"):
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / name).write_text("text,label\n")
    source = "data/a.csv 'data/b c.csv'"
    assert name_place(source) == "a.csv 'b c.csv'"
    folder = tmp_path / "data"
    assert list_places({"data": {"dataset": source}}) == {"data.dataset": f"{folder}/a.csv '{folder}/b c.csv'"}
    assert list_places({"data": {"dataset": "data/*.csv"}}) == {"data.dataset": f"{folder}/*.csv"}
    assert strip_command(f"hf-lstm train --dataset {source} --seed 1") == (
        "hf-lstm train --dataset a.csv 'b c.csv' --seed 1"
    )
