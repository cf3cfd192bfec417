"""`scripts/add_baselines.py`: what it adds to the folder of a run, and what it refuses."""

import json
import runpy
from pathlib import Path

import pytest

import hf_lstm
from hf_lstm import InputError, LSTMSentiment

SCRIPT = runpy.run_path(str(Path(__file__).resolve().parents[2] / "scripts" / "add_baselines.py"))


@pytest.fixture(scope="module")
def reviews(tmp_path_factory):
    rows = [f"{['good', 'bad'][i % 2]} film {i} {['fun', 'bore'][i % 2]},{'pn'[i % 2]}" for i in range(80)]
    path = tmp_path_factory.mktemp("data") / "reviews.csv"
    path.write_text("\n".join(["text,label", *rows]))
    return path


@pytest.fixture(scope="module")
def folder(reviews):
    folder = reviews.parent / "run"
    small = {"embedding_dim": 4, "hidden_size": 4, "num_epochs": 1, "device": "cpu"}
    hf_lstm.train(str(reviews), "pooled-bilstm", output_dir=folder, show_progress=False, baseline=False, **small)
    return folder


def test_a_run_gets_what_it_lacks_and_keeps_the_rest(folder, capsys):
    before = json.loads((folder / "results.json").read_text())
    SCRIPT["main"]([str(folder)])
    after = json.loads((folder / "results.json").read_text())
    names = ["TF-IDF + logistic regression", "TF-IDF(1,2) + logistic regression", "NB-SVM(1,3)"]
    assert [baseline["name"] for baseline in after["baselines"]][:3] == names
    assert {**after, "baselines": None} == {**before, "baselines": None}
    num_rows = before["dataset"]["num_rows"]
    learned_from = [baseline["num_train_rows"] for baseline in after["baselines"]]
    assert learned_from[:3] == [num_rows["train"], *[num_rows["train"] + num_rows["validation"]] * 2]
    metrics = json.loads((folder / "report" / "metrics.json").read_text())
    assert list(metrics["baselines"])[:3] == names
    assert metrics["metrics"] == after["splits"]["test"]
    assert all(name in (folder / "README.md").read_text() for name in names)
    assert len(capsys.readouterr().out.splitlines()) == len(after["baselines"])
    assert LSTMSentiment.from_pretrained(folder).results.baselines[0].name == names[0]


def test_other_rows_are_refused(folder, reviews):
    other = reviews.with_name("other.csv")
    other.write_text(reviews.read_text().replace("good", "fine"))
    before = (folder / "results.json").read_bytes()
    with pytest.raises(InputError, match=r"other.csv: these are not the rows of the run; name those with --dataset"):
        SCRIPT["main"]([str(folder), "--dataset", str(other)])
    assert (folder / "results.json").read_bytes() == before


def test_a_model_of_no_run_is_refused(tiny_model_folder):
    with pytest.raises(InputError, match=r"has no recipe.json and results.json; expected the folder of a run"):
        SCRIPT["main"]([str(tiny_model_folder)])
