"""Tables of accuracy: runs beside what was published, star classes, few labels."""

import json

import pytest
from computed_tables import read_cells

from hf_lstm.errors import InputError
from tables.accuracy.baselines import format_baselines
from tables.accuracy.few_labels import format_few_labels
from tables.accuracy.ladder import format_ladder
from tables.accuracy.results import format_results
from tables.accuracy.star_classes import format_star_classes


def write_run(folder, name, recipe, seed, accuracy, command="python scripts/train.py", **extra):
    figures = {"accuracy": accuracy, "loss": 0.5}
    results = {
        "recipe": recipe, "seed": seed, "command": command, "elapsed_s": 60.4, "device": "cpu", "num_threads": 2,
        "precision": "bfloat16", "model": {"num_parameters": 1234}, "splits": {"test": figures, "validation": figures},
        **extra,
    }  # fmt: skip
    folder.mkdir(exist_ok=True)
    (folder / f"{name}-seed{seed}.json").write_text(json.dumps(results))


def test_results_are_means_over_seeds_beside_what_was_published(tmp_path):
    for seed, accuracy in enumerate((0.82, 0.84, 0.86)):
        write_run(tmp_path / "results", "packed-lstm", "packed-lstm", seed, accuracy)
    row = read_cells(format_results(tmp_path))["`packed-lstm`"]
    assert row["test accuracy, %"] == "**84.00 ± 2.00**"
    assert (row["published"], row["published validation"]) == ("81.91", "83.08")
    assert (row["parameters"], row["seconds"], row["computed with"]) == ("1,234", "60 ± 0", "2 CPU cores, bfloat16")
    assert row["seeds"].startswith("3: [0](packed-lstm-seed0.json), [1](packed-lstm-seed1.json), ")


def test_runs_under_changed_settings_and_of_unknown_recipes_have_rows_of_their_own(tmp_path):
    command = "python scripts/train.py --recipe packed-lstm --set model.pooling=max train.num_epochs=2"
    write_run(tmp_path / "results", "packed-lstm-max", "packed-lstm", 0, 0.51, command)
    write_run(tmp_path / "results", "packed-lstm", "packed-lstm", 0, 0.83)
    write_run(tmp_path / "results", "lstm-of-tomorrow", "lstm-of-tomorrow", 0, 0.9)
    rows = read_cells(format_results(tmp_path))
    changed = "`packed-lstm` with `model.pooling=max`, `train.num_epochs=2`"
    assert list(rows) == ["`packed-lstm`", changed, "`lstm-of-tomorrow`"]
    assert rows[changed]["test accuracy, %"] == "**51.00**"
    assert rows[changed]["published"] == rows["`lstm-of-tomorrow`"]["published"] == ""


def test_the_ladder_has_its_steps_in_their_order_whatever_they_reach(tmp_path):
    folder = tmp_path / "results"
    for name, recipe, accuracy in (
        ("flagship", "flagship", 0.8), ("pooled-bilstm", "pooled-bilstm", 0.95), ("packed-lstm", "packed-lstm", 0.9),
        ("lm-adversarial", "lm-classifier", 0.85),
    ):  # fmt: skip
        write_run(folder, name, recipe, 0, accuracy)
    epoch = {"validation_perplexity": [85.66, 86.77]}
    language_model = {"elapsed_s": 7331.4, "epochs": [epoch], "device": "cpu", "num_threads": 2, "precision": "float32"}
    for name, device in (("lm", "cpu"), ("lm-wide", "cuda:0"), ("lm-wide-2", "cuda:0")):
        (folder / f"{name}.json").write_text(json.dumps({**language_model, "device": device}))
    baseline = {"test": {"accuracy": 0.91}, "training_s": 44}
    (folder / "baselines.json").write_text(json.dumps({"machine": {"num_cores": 2}, "models": {"TF": baseline}}))
    rows = read_cells(format_ladder(tmp_path))
    assert [row["runs"].split(" ")[0] for row in rows.values()] == [
        "[`lm`](lm.json)", "[`lm-wide`](lm-wide.json)", "[`lm-wide-2`](lm-wide-2.json)", "`lm-adversarial`",
        "`flagship`", "`pooled-bilstm`", "",
    ]  # fmt: skip
    first, wide, *_, last = rows.values()
    assert (first["computed with"], wide["computed with"]) == ("2 CPU cores, float32", "a GPU, float32")
    assert (first["validation"], first["training, s"]) == ("perplexity 85.7 forward, 86.8 backward", "7,331")
    assert (last["step"], last["test"]) == ("beside them: TF", "91.00 %")
    (folder / "lm-wide.json").unlink()
    with pytest.raises(InputError, match="hf-lstm pretrain"):
        format_ladder(tmp_path)


def test_where_the_same_pieces_are_read_from_is_no_other_setting(tmp_path):
    command = "python scripts/train.py --recipe lstm-15m --set tokenizer.vocab=folder/vocab.txt"
    write_run(tmp_path / "results", "lstm-15m", "lstm-15m", 0, 0.87, command)
    assert read_cells(format_results(tmp_path))["`lstm-15m`"]["published"] == "86.25"


@pytest.mark.parametrize("option", ["--embeddings ../data/glove.txt.gz", "--set train.embeddings=../data/glove.txt.gz"])
def test_vectors_that_the_recipe_has_not_are_a_setting_without_their_folder(tmp_path, option):
    for name in ("pooled-bilstm", "packed-lstm-glove"):
        write_run(tmp_path / "results", name, name, 0, 0.9, f"hf-lstm train --recipe {name} {option}")
    rows = read_cells(format_results(tmp_path))
    assert list(rows) == ["`pooled-bilstm` with `train.embeddings=glove.txt.gz`", "`packed-lstm-glove`"]


def test_a_warning_says_so_beside_what_was_published_of_it(tmp_path):
    warning = {"warning": "reads padding as text", "published": {"test_accuracy": 51.0}}
    write_run(tmp_path / "results", "packed-lstm-unpacked", "packed-lstm", 0, 0.5, **warning)
    write_run(tmp_path / "results", "packed-lstm", "packed-lstm", 0, 0.83)
    rows = read_cells(format_results(tmp_path))
    assert list(rows) == ["`packed-lstm`", "a warning: `packed-lstm` that reads padding as text"]
    assert rows["a warning: `packed-lstm` that reads padding as text"]["published"] == "51"


def write_star_classes(folder, *, labels=("1-2", "3-4", "7-8", "9-10")):
    confusion = {"labels": labels, "rows": [[50, 20, 5, 5], [10, 30, 5, 5], [0, 10, 20, 10], [5, 0, 5, 20]]}
    test = {"accuracy": 0.6, "accuracy_interval": [0.53, 0.67], "loss": 1.0, "confusion_matrix": confusion}
    splits = {"test": test, "validation": test}
    write_run(
        folder, "star-classes", "pooled-bilstm", 0, 0.6, "python scripts/train.py --dataset FOLDER", splits=splits
    )


def test_runs_on_classes_of_stars_are_no_runs_on_the_standard_task(tmp_path):
    write_run(tmp_path / "results", "pooled-bilstm", "pooled-bilstm", 0, 0.88)
    alone = format_results(tmp_path)
    write_star_classes(tmp_path / "results")
    assert format_results(tmp_path) == alone


def test_classes_of_stars_are_counted_by_class_by_neighbor_and_by_side(tmp_path):
    write_star_classes(tmp_path / "results")
    text = format_star_classes(tmp_path)
    assert text.startswith("```bash\npython scripts/train.py --dataset FOLDER\n```")
    assert "on the 200 official test reviews (95 % interval of the first share: 53.00 to 67.00 %)" in text
    assert "| the right class | **60.00 %** | 40.00 % (`1-2`) |" in text
    assert "| the right class or one beside it | **90.00 %** | 85.00 % (`3-4`) |" in text
    assert "| the right side (up to 4 stars, or from 7) | **82.50 %** | 65.00 % (`1-2`) |" in text
    assert "| 3-4 | 10 | 30 | 5 | 5 | 60.00 % |" in text


def test_a_run_on_other_classes_is_refused(tmp_path):
    write_star_classes(tmp_path / "results", labels=("neg", "pos", "so", "so so"))
    with pytest.raises(InputError, match=r"star-classes-seed0.json is not .*its labels are"):
        format_star_classes(tmp_path)


@pytest.mark.parametrize(
    ("name", "seed", "expected"), [("a-seed1.json", 0, "is of seed 0: rename"), ("a-seed0.json", None, "run anew")]
)
def test_files_that_are_not_what_their_name_says_are_refused(tmp_path, name, seed, expected):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / name).write_text("{" if seed is None else json.dumps({"recipe": "a", "seed": seed}))
    with pytest.raises(InputError, match=expected):
        format_results(tmp_path)


def test_a_run_without_its_figures_is_named(tmp_path):
    write_run(tmp_path / "results", "packed-lstm", "packed-lstm", 0, 0.83, splits={"test": {"accuracy": 0.83}})
    with pytest.raises(InputError, match=r"packed-lstm-seed\*.json: one is not a run's results.json: KeyError"):
        format_results(tmp_path)


def test_seeds_under_different_settings_make_no_mean(tmp_path):
    write_run(tmp_path / "results", "packed-lstm", "packed-lstm", 0, 0.83)
    write_run(tmp_path / "results", "packed-lstm", "packed-lstm", 1, 0.9, "train.py --set train.num_epochs=30")
    with pytest.raises(
        InputError, match=r"different settings: `packed-lstm`; `packed-lstm` with `train.num_epochs=30`"
    ):
        format_results(tmp_path)


def test_nothing_is_published_of_changed_settings_whatever_the_file_is_called(tmp_path):
    write_run(tmp_path / "results", "packed-lstm", "packed-lstm", 0, 0.9, "train.py --set train.num_epochs=30")
    (row,) = read_cells(format_results(tmp_path)).values()
    assert (row["published"], row["published validation"]) == ("", "")


def test_linear_classifiers_are_listed_with_what_was_fixed_in_advance(tmp_path):
    test = {"num_rows": 8, "accuracy": 0.875, "accuracy_interval": [0.5, 0.975], "elapsed_s": 1.0}
    model = {"settings": {"pattern": "a|b", "C": 1.0}, "num_features": 1234, "test": test}
    baselines = {"command": "python x.py", "machine": {"versions": {"scikit-learn": "1.2"}}, "models": {"SVM": model}}
    fasttext = {"contenders": {"fastText(1,2)": {"facts": {"test_accuracy": 0.9}}}}
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "baselines.json").write_text(json.dumps(baselines))
    (tmp_path / "results" / "benchmark.json").write_text(json.dumps({"sections": {"text-to-label": fasttext}}))
    text = format_baselines(tmp_path)
    assert text.startswith("```bash\npython x.py\n```")
    assert "On the 8 official test reviews" in text
    assert "| SVM | **87.50 %** | 50.00 to 97.50 % | 1,234 | `pattern='a\\|b'`, `C=1.0` |" in text
    assert "trained by the benchmark: 90.00 %" in text


def test_each_step_with_few_labels_has_its_mean(tmp_path):
    seeds = {
        seed: {"model": {"test_accuracy": accuracy, "baseline_test_accuracy": 0.8}}
        for seed, accuracy in (("0", 0.86), ("1", 0.9))
    }
    (tmp_path / "results").mkdir()
    figures = {"num_labels": 1000, "command": "python try.py", "seeds": seeds}
    (tmp_path / "results" / "few_labels.json").write_text(json.dumps(figures))
    rows = read_cells(format_few_labels(tmp_path))
    assert list(rows["language model, fine-tuned"].values())[1:] == ["86.00 %", "90.00 %", "**88.00 %**"]
    assert rows["TF-IDF + logistic regression, labels alone"]["mean"] == "**80.00 %**"
    assert len(rows) == 2
    assert "not run yet" not in format_few_labels(tmp_path)
    seeds["1"]["student"] = {"test_accuracy": 0.91}  # the other one is not trained yet
    (tmp_path / "results" / "few_labels.json").write_text(json.dumps(figures))
    written = format_few_labels(tmp_path)
    assert list(read_cells(written)["taught by these and by n-grams"].values())[1:] == ["", "91.00 %", "**91.00 %**"]
    assert "The aim of 90 % is reached. The last step was not run yet with seed 0.\n" in written
    seeds["0"] |= {"model-2": {"test_accuracy": 0.8}, "model-3": {"test_accuracy": 0.81}}  # --models 3
    (tmp_path / "results" / "few_labels.json").write_text(json.dumps(figures))
    assert format_few_labels(tmp_path).count("| the same by another seed |") == 2
