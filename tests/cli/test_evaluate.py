"""`scripts/evaluate.py`: which rows it measures, what it prints, writes and refuses."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from random_model import build_model

from hf_lstm.cli.evaluate import main
from hf_lstm.config import DataConfig
from hf_lstm.config.recipes.catalog import get_recipe
from hf_lstm.data.loading import load_splits
from hf_lstm.errors import InputError, StorageError
from hf_lstm.markdown import format_cell

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "evaluate.py"


@pytest.fixture
def evaluate(tmp_path, tiny_model_folder, monkeypatch, capsys):
    """Run the script's main function in `tmp_path` on the tiny model, in float32, and return what it printed."""
    monkeypatch.chdir(tmp_path)

    def run_main(*arguments):
        main([str(tiny_model_folder), "--precision", "float32", *arguments])
        return capsys.readouterr().out

    return run_main


@pytest.fixture
def reviews(tmp_path):
    """The file `reviews.csv` with 60 texts, and a data configuration that pools and cuts it."""
    words = ["great", "wonderful", "dull", "worst", "a", "film", "cast"]
    rows = [f"{words[i % 7]} {words[i % 5]} {words[i % 3]} film {i},{'pos' if i % 2 else 'neg'}" for i in range(60)]
    (tmp_path / "reviews.csv").write_text("\n".join(["text,label", *rows]))
    return DataConfig(dataset="reviews.csv", split="pooled", train_fraction=0.5, validation_fraction=0.2, split_seed=3)


def add_recipe(model, folder, data):
    recipe = replace(get_recipe("packed-lstm"), data=data, model=model.config)
    (folder / "recipe.json").write_text(json.dumps(recipe.to_json()))


def count_right(model, split):
    predicted = [answer["label"] for answer in model.predict(list(split["text"]), precision="float32")]
    return sum(
        split.features["label"].names[label] == name for label, name in zip(split["label"], predicted, strict=True)
    )


@pytest.mark.parametrize("arguments", [[], ["--dataset", "reviews.csv"], ["--dataset", "./reviews.csv"]])
def test_the_models_own_data_are_cut_as_for_training(evaluate, tiny_model, tiny_model_folder, reviews, arguments):
    add_recipe(tiny_model, tiny_model_folder, reviews)
    evaluate(*arguments)
    report = json.loads(Path("reports/tiny-model/metrics.json").read_text())
    metrics, test = report["metrics"], load_splits(reviews)["test"]
    assert report["unseen"]["num_rows_seen"] == 0
    assert metrics["num_rows"] == len(test) == 18
    assert metrics["accuracy"] == count_right(tiny_model, test) / len(test)


def test_other_data_are_measured_whole_and_explained(evaluate, tiny_model, reviews, tmp_path):
    out = evaluate("--dataset", "reviews.csv", "--output-dir", "new/report")
    folder = tmp_path / "new" / "report"
    assert {"report.md", "metrics.json", "errors.jsonl", "confusion_matrix.png"} < set(os.listdir(folder))
    evaluation = json.loads((folder / "metrics.json").read_text())
    metrics = evaluation["metrics"]
    assert (evaluation["dataset"], evaluation["precision"], metrics["num_rows"]) == ("reviews.csv", "float32", 60)
    assert f"accuracy           {100 * metrics['accuracy']:.2f} %" in out

    mistakes = [json.loads(line) for line in (folder / "errors.jsonl").read_text().splitlines()]
    assert 0 < len(mistakes) <= round(60 * (1 - metrics["accuracy"]))
    assert evaluation["unseen"] is None
    assert [row["score"] for row in mistakes] == sorted((row["score"] for row in mistakes), reverse=True)
    lines = (tmp_path / "reviews.csv").read_text().splitlines()[1:]
    for row in mistakes:
        assert lines[row["row"]] == f"{row['text']},{row['label']}"
        assert row["predicted"] != row["label"]
        assert tiny_model.predict(row["text"], precision="float32")["score"] == pytest.approx(row["score"], abs=1e-5)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--dataset", "none.csv"], "none.csv: there is no such file"),
        (["--dataset", "reviews.csv", "--label-column", "stars"], "there is no column 'stars'"),
        (["--dataset", "reviews.csv", "--text-column", "body"], "there is no column 'body'"),
        (["--dataset", "stars.csv"], "label '5' is none of the model"),
        (["--dataset", "reviews.csv", "--device", "warp"], "there is no device 'warp'"),
        (["--dataset", "reviews.csv", "--output-dir", "reviews.csv"], "output folder reviews.csv can't be made"),
    ],
)
def test_wrong_use_is_refused(evaluate, reviews, tmp_path, arguments, expected):
    (tmp_path / "stars.csv").write_text("text,label\ngreat film,5\ndull film,1\n")
    with pytest.raises(InputError) as error:
        evaluate(*arguments)
    assert expected in str(error.value)


def test_several_models_are_compared(evaluate, tiny_model_folder, reviews):
    shutil.copytree(tiny_model_folder, "other")
    out = evaluate("other", "--dataset", "reviews.csv")
    assert "| other | 60 |" in out
    assert "All were measured on the same 60 rows." in out
    assert set(os.listdir("reports/comparison")) == {"comparison.md", "comparison.json", "comparison.png"}


@pytest.mark.parametrize("is_comparison", [False, True])
def test_a_full_disk_leaves_the_earlier_report_as_it_was(
    evaluate, tiny_model_folder, reviews, monkeypatch, is_comparison
):
    others = ["other"] if is_comparison else []
    shutil.copytree(tiny_model_folder, "other")
    arguments = [*others, "--dataset", "reviews.csv", "--output-dir", "report"]
    evaluate(*arguments)
    before = {path.name: path.read_bytes() for path in Path("report").iterdir()}

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("PIL.Image.Image.save", fail)
        with pytest.raises(
            StorageError, match=r"^report cannot be written: No space left on device; [0-9,]+ bytes are"
        ):
            evaluate(*arguments)
    assert {path.name: path.read_bytes() for path in Path("report").iterdir()} == before
    Path("report", "learning_curves.png").write_text("of another model")
    evaluate(*arguments)
    assert Path("report", "learning_curves.png").exists() is is_comparison


def test_models_of_the_same_name_are_told_apart(evaluate, tiny_model_folder, reviews):
    shutil.copytree(tiny_model_folder, Path("other", tiny_model_folder.name))
    out = evaluate(f"other/{tiny_model_folder.name}", "--dataset", "reviews.csv")
    first = f"{tiny_model_folder.parent.name}/{tiny_model_folder.name}"
    assert [line.split(" | ")[0] for line in out.splitlines() if " | 60 | " in line] == [
        f"| {format_cell(name)}" for name in (first, f"other/{tiny_model_folder.name}")
    ]


def test_four_labels_have_a_report_and_a_comparison(tmp_path, monkeypatch, capsys):
    names = ["business", "science & tech", "sport", "world news"]
    rows = [f"a {'great' if i % 3 else 'dull'} film {i},{names[i % 4]}" for i in range(40)]
    (tmp_path / "news.csv").write_text("\n".join(["text,label", *rows]))
    model = build_model(names)
    monkeypatch.chdir(tmp_path)
    for name in ("first", "second"):
        model.save_pretrained(tmp_path / name)
        main([name, "--dataset", "news.csv"])
        model.reset_parameters()
    out = capsys.readouterr().out
    assert all(f"\n{name} " in out for name in names)
    reports = [json.loads(Path("reports", name, "metrics.json").read_text()) for name in ("first", "second")]
    for report in reports:
        assert report["metrics"]["confusion_matrix"]["labels"] == names
        assert np.array(report["metrics"]["confusion_matrix"]["rows"]).sum(axis=1).tolist() == [10] * 4
    page = Path("reports/first/report.md").read_text()
    assert all(format_cell(name) in page for name in names)
    main(["first", "second", "--dataset", "news.csv"])
    compared = json.loads(Path("reports/comparison/comparison.json").read_text())["models"]
    assert [each["metrics"] for each in compared] == [report["metrics"] for report in reports]


def test_labels_that_changed_since_training_are_refused(evaluate, tiny_model, tiny_model_folder, reviews, tmp_path):
    add_recipe(tiny_model, tiny_model_folder, reviews)
    content = (tmp_path / "reviews.csv").read_text()
    (tmp_path / "reviews.csv").write_text(content.replace(",pos", ",good"))
    with pytest.raises(InputError, match=r"row 2 \(line 3\), column 'label': label 'good' is none of the model's"):
        evaluate()


@pytest.mark.parametrize("has_other_checkout", [False, True])
def test_scripts_beside_it_import_the_library_of_its_name(tmp_path, has_other_checkout):
    if has_other_checkout:
        (tmp_path / "scripts").mkdir()
        shutil.copy(SCRIPT, tmp_path / "scripts")
    (tmp_path / "evaluate").mkdir()
    (tmp_path / "evaluate" / "__init__.py").write_text("Metric = 'that of the library'\n")  # which takes seconds
    code = "import evaluate; print(evaluate.Metric, evaluate.__file__)"
    others = [str(tmp_path / "scripts")] * has_other_checkout
    path = os.pathsep.join([*others, str(tmp_path), os.environ.get("PYTHONPATH", "")])
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=SCRIPT.parent,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert result.stdout == f"that of the library {tmp_path / 'evaluate' / '__init__.py'}\n", result.stderr
