"""What the pages compute: each table is of its files, and files that are not theirs are refused."""

import json
from pathlib import Path

import pytest

from hf_lstm.errors import InputError
from tables.accuracy.baselines import format_baselines
from tables.accuracy.explanations import format_explanations
from tables.accuracy.few_labels import format_few_labels
from tables.accuracy.ladder import format_ladder
from tables.accuracy.precision import format_precision
from tables.accuracy.results import format_results
from tables.accuracy.star_classes import format_star_classes
from tables.package.recipes import format_recipes
from tables.package.settings import format_settings
from tables.package.tree import format_tree
from tables.speed.api_load import NOT_MEASURED, format_api_load
from tables.speed.benchmark import find_missing_sections, format_speed
from tables.speed.demo_load import format_demo_load
from tables.speed.estimates import format_estimates
from tables.speed.plan import format_plan

ROOT = Path(__file__).resolve().parents[2]


def write_run(folder, name, recipe, seed, accuracy, command="python scripts/train.py", **extra):
    figures = {"accuracy": accuracy, "loss": 0.5}
    results = {
        "recipe": recipe, "seed": seed, "command": command, "elapsed_s": 60.4, "device": "cpu", "num_threads": 2,
        "precision": "bfloat16", "model": {"num_parameters": 1234}, "splits": {"test": figures, "validation": figures},
        **extra,
    }  # fmt: skip
    folder.mkdir(exist_ok=True)
    (folder / f"{name}-seed{seed}.json").write_text(json.dumps(results))


def read_cells(table):
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:1] == "|"]
    return {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[2:]}


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


@pytest.mark.parametrize("content", [None, "{", "[]", '{"a": {}}'])
@pytest.mark.parametrize(
    ("name", "format_section"),
    [
        ("benchmark.json", format_speed),
        ("estimates.json", format_estimates),
        ("precision.json", format_precision),
        ("explanations/a-seed0.json", format_explanations),
        ("demo_load.json", format_demo_load),
        ("baselines.json", format_baselines),
        ("few_labels.json", format_few_labels),
        ("plan_avx2/lm.json", format_plan),
    ],
)
def test_figures_that_can_not_be_read_name_the_file_and_what_writes_it(tmp_path, name, format_section, content):
    (tmp_path / "results" / name).parent.mkdir(parents=True)
    if content is not None:
        (tmp_path / "results" / name).write_text(content)
    with pytest.raises(InputError, match=r"results/.* scripts/\w+\.py"):
        format_section(tmp_path)


def test_a_plan_adds_up_the_hours_of_its_steps(tmp_path):
    results = tmp_path / "results"
    (results / "plan_avx2").mkdir(parents=True)
    for place, name in enumerate(("lm", "lm-adversarial", "lm-adversarial-2", "flagship")):
        estimate = {"num_epochs": 3, "tokens_per_s": 1e3, "estimated_s": 3600 * (place + 1), "command": f"run {name}"}
        (results / "plan_avx2" / f"{name}.json").write_text(json.dumps({name: estimate}))
    for run in ("lm-adversarial-seed0", "lm-adversarial-2-seed0", "lm-adversarial-3-seed1", "flagship-unedited-seed0"):
        splits = {"validation": {"accuracy": 0.9}, "test": {"accuracy": 0.95}}
        (results / f"{run}.json").write_text(json.dumps({"splits": splits}))
    table = format_plan(tmp_path)
    assert [line.split(" | ")[-1].strip(" |") for line in table.split("\n")[2:8]] == [
        "1.0",
        "2.0",
        "3.0",
        "3.0",
        "4.0",
        "13.0",
    ]
    assert "90.00 % | 95.00 % | 3 | 1,000" in table
    assert "run lm\nrun lm-adversarial\nrun lm-adversarial-2\nrun flagship\n" in table  # each once


def test_the_tree_gives_each_module_and_package_its_docstring(tmp_path):
    (tmp_path / "scripts" / "parts").mkdir(parents=True)
    (tmp_path / "scripts" / "go.py").write_text('"""Goes.\n\nFar.\n"""\n')
    (tmp_path / "scripts" / "parts" / "__init__.py").write_text('"""What goes."""\n')
    (tmp_path / "scripts" / "parts" / "wheel.py").write_text('"""Turns."""\n')
    assert format_tree(tmp_path) == "```\nscripts/go.py   Goes\nscripts/parts/  What goes\n```"


def test_peers_and_sections_that_were_not_measured_are_named(tmp_path):
    speed = {"median": 2.0, "min": 1.0, "max": 3.0, "samples": [2.0, 1.0, 3.0]}
    absent = {"status": "not installed", "reason": "no keras", "facts": {}, "metrics": {}}
    ours = {"status": "measured", "reason": None, "facts": {"dtype": "float32"}, "metrics": {"reviews_per_s": speed}}
    figure = {"title": "against Keras", "unit": "x", "target": {"at_least": 3}, "missing": ["Keras"]}
    text_to_label = {"settings": {"num_reviews": 9}, "contenders": {"us": ours, "Keras": absent}, "figures": [figure]}
    lengths = {
        "settings": {"batch_size": 64, "max_length_tokens": [64]},
        "contenders": {"loop": {**ours, "metrics": {"at_64_tokens_us_per_token": {**speed, "samples": [2.0]}}}},
        "figures": [],
        "measured": {"date": "2026-02-02T00:00", "commit": "fedcba9876543210"},
    }
    benchmark = {
        "machine": {"num_cores": 2, "onednn_isa": None, "date": "2026-01-01T00:00"},
        "options": {"dataset": "imdb", "quick": False, "effort": {"repeats": 3}, "commit": "0123456789abcdef"},
        "sections": {"text-to-label": text_to_label, "sequence-length": lengths},
    }
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "benchmark.json").write_text(json.dumps(benchmark))
    text = format_speed(tmp_path)
    assert "| text to label | against Keras | not measured (Keras: not installed, no keras) |  | at least 3 |" in text
    assert "| us | float32 | 2 |  |" in text
    assert "| Keras |  | not measured (not installed, no keras) |  |" in text
    assert "| 64 | 2 |" in text
    assert "Medians over 3 rounds (sequence length: 1)" in text
    assert "at commit `0123456789`" in text
    assert "Measured again on 2026-02-02 at commit `fedcba9876`: sequence length. " in text
    assert "Not measured in this run: training step, epoch, tokenization, bulk scoring, latency, cold start." in text
    assert "epoch" in find_missing_sections(tmp_path)


def test_the_command_of_a_run_has_its_options(tmp_path):
    machine = {"num_cores": 2, "onednn_isa": None, "isa_flags": ["avx2"], "date": "2026-01-01T00:00"}
    options = {"dataset": "imdb", "quick": False, "effort": {"repeats": 1}}
    whole = {"machine": machine, "options": options, "sections": {}}
    part = {
        "machine": {**machine, "onednn_max_cpu_isa": "AVX2"},
        "options": {**options, "quick": True, "sections": ["latency", "cold-start"]},
        "sections": {},
    }
    (tmp_path / "results").mkdir()
    benchmark = {**whole, "other_processors": {"AVX2, limited to AVX2": part}}
    (tmp_path / "results" / "benchmark.json").write_text(json.dumps(benchmark))
    text = format_speed(tmp_path)
    script = "python scripts/benchmark.py --dataset stanfordnlp/imdb"
    assert f"{script} --output results/benchmark.json\n" in text
    assert f"{script} --quick --only latency,cold-start --max-isa AVX2 --output results/benchmark.json\n" in text
    assert "(`imdb`), on 2 cores with AVX2, 2026-01-01." in text


def test_wide_layers_have_a_row_for_each_shape_and_are_named_where_they_were_not_measured(tmp_path):
    summary = {"median": 71.5, "min": 71.5, "max": 71.5, "samples": [71.5]}
    fp32 = {"status": "measured", "reason": None, "facts": {}}
    fp32["metrics"] = {f"{units}_units_64_rows_useful_gflop_per_s": summary for units in (512, 1024)}
    left_out = {"status": "left out", "reason": "emulated", "facts": {}, "metrics": {}}
    peak = {**fp32, "metrics": {"float32_gflop_per_s": {**summary, "median": 143.0}}}
    step = {
        "settings": {"wide_layers": {"hidden_sizes": [512, 1024], "batch_sizes": [64], "num_steps": 64}},
        "contenders": {"matrix-product peak": peak, "wide LSTM, bf16": left_out, "wide LSTM, fp32": fp32},
        "figures": [],
    }
    benchmark = {
        "machine": {"num_cores": 2, "onednn_isa": None, "date": "2026-01-01T00:00"},
        "options": {"dataset": "imdb", "quick": False, "effort": {"repeats": 1}},
        "sections": {"training-step": step},
    }
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "benchmark.json").write_text(json.dumps(benchmark))
    text = format_speed(tmp_path)
    for row in ("| 512 | 64 |  | 71.5 |", "| 1,024 | 64 |  | 71.5 |", "| matrix-product peak |  |  | 143 |"):
        assert row in text
    assert "Not measured: wide LSTM, bf16: left out, emulated." in text
    step["settings"] = {}  # of a run before there were any
    (tmp_path / "results" / "benchmark.json").write_text(json.dumps(benchmark))
    assert "Training of wide LSTM layers alone: not measured in this run." in format_speed(tmp_path)


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


def test_settings_have_their_default_their_values_and_their_doc():
    lines = format_settings(ROOT).splitlines()
    assert "| `train.weight_decay` | `0.0` | number | Shrinks weights at every step, against overfitting" in (
        next(line for line in lines if "train.weight_decay" in line)
    )
    assert any(line.startswith("| `model.bidirectional` | `false` | `true`, `false` |") for line in lines)
    assert any(line.startswith("| `train.patience` | `none` | whole number, `none` | Stop after") for line in lines)
    assert any(line.startswith("| `train.schedule` | `constant` | `constant`, `linear`, `cosine` |") for line in lines)
    assert not any("`model.vocab_size`" in line for line in lines)  # only the data can tell


def test_recipes_are_what_they_change_of_the_defaults_or_of_another():
    rows = read_cells(format_recipes(ROOT))
    changes = {name.strip("`"): row["settings, beside the defaults or another recipe's"] for name, row in rows.items()}
    assert changes["packed-lstm-glove-frozen"] == "`packed-lstm-glove` with `train.freeze_embeddings=true`"
    assert changes["pooled-bilstm"].startswith("`data.validation_fraction=0.1`, `tokenizer.min_count=2`")
    assert "train.max_grad_norm=none" in changes["keras-lstm"]
    assert "&lt;unk>" in rows["`stopword-lstm`"]["system"]


def test_what_the_demo_met_is_listed(tmp_path):
    figures = {
        "num_clients": 3, "seconds": 60.0, "machine": {"num_cores": 2}, "num_answers": 1234, "num_server_errors": 0,
        "latency_s": {"p50": 0.157, "p95": 0.637, "p99": 0.867, "max": 0.97}, "memory_growth": 0.0415,
        "memory_mb": {"warm": 687, "end": 715, "peak": 715}, "refusals": {"proxy": {"status": [404], "longest_s": 0.5}},
    }  # fmt: skip
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "demo_load.json").write_text(json.dumps(figures))
    text = format_demo_load(tmp_path)
    assert text.startswith("3 clients for 60 s, on the same 2 cores")
    assert "| answers | 1,234 |" in text
    assert "| 95 % within | 0.64 s |" in text
    assert "| memory at the end | 715 MB (+4.2 %) |" in text
    assert "| proxy | 404 | 0.50 s |" in text


def test_the_load_of_the_api_is_a_row_for_each_number_of_clients(tmp_path):
    (tmp_path / "results").mkdir()
    assert format_api_load(tmp_path) == NOT_MEASURED
    latency_ms = {"p50": 3.24, "p95": 5.0, "p99": 7.5}
    load = {"num_answers": 9000, "answers_per_s": 1300.4, "latency_ms": latency_ms, "errors": {"HTTP 503": 2}}
    loads = [{"num_clients": number, **load} for number in (1, 64)]
    figures = {"machine": {"num_cores": 2}, "model": "model", "seconds": 30.0, "loads": loads}
    (tmp_path / "results" / "api_load.json").write_text(json.dumps(figures))
    rows = read_cells(format_api_load(tmp_path))
    assert list(rows) == ["1", "64"]
    assert list(rows["64"].values()) == ["64", "1,300", "3.2 ms", "5.0 ms", "7.5 ms", "2"]
    (tmp_path / "results" / "api_load.json").write_text("[]")
    with pytest.raises(InputError, match=r"api_load\.json is not what scripts/load_test_api\.py writes"):
        format_api_load(tmp_path)


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
