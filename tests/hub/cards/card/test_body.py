"""The card's text: every figure in it comes from the run."""

import dataclasses
import re
from itertools import accumulate

import pytest
from huggingface_hub import ModelCard
from rendered_cards import read_tables, render
from run_records import make_config, make_report, make_results

from hf_lstm.records.places import IMDB_ROWS_SHA256


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
