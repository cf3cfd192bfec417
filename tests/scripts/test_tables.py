"""The README keeps its word: its commands are the ones run, its tree is the tree, its figures are measured."""

import json
import re
import runpy
from pathlib import Path

import pytest

from hf_lstm.errors import InputError
from tables.estimates import format_estimates
from tables.explanations import format_explanations
from tables.precision import format_precision
from tables.results import format_results
from tables.sections import WRITERS, replace_section
from tables.speed import find_missing_sections, format_speed
from tables.star_classes import format_star_classes
from tables.tree import format_tree

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_computed_is_as_the_repository_holds(name):
    section = replace_section(README, name, WRITERS[name](ROOT))
    assert section == README, f"the section {name} is out of date: run python scripts/update_tables.py"


def test_the_set_up_commands_are_there():
    assert 'pip install -e ".[train]" && python scripts/train.py --dataset sample' in README
    assert 'pip install -e ".[test]" && pytest' in README


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!https?://|#)([^)#]+)", README))))
def test_links_lead_somewhere(link):
    assert (ROOT / link).exists()


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
    assert row["seeds"].startswith("3: [0](results/packed-lstm-seed0.json), [1](")


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


def test_where_the_same_pieces_are_read_from_is_no_other_setting(tmp_path):
    command = "python scripts/train.py --recipe lstm-15m --set tokenizer.vocab=folder/vocab.txt"
    write_run(tmp_path / "results", "lstm-15m", "lstm-15m", 0, 0.87, command)
    assert read_cells(format_results(tmp_path))["`lstm-15m`"]["published"] == "86.25"


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


def test_figures_in_the_text_are_those_of_the_files():
    demo = json.loads((ROOT / "results" / "demo_load.json").read_text())
    text = " ".join(README.split())
    slowest = max(refusal["longest_s"] for refusal in demo["refusals"].values())
    assert f"had {demo['num_answers']} answers without an error" in text
    assert demo["num_server_errors"] == 0
    assert f"within {demo['latency_s']['p50']:.2f} s, 95 % within {demo['latency_s']['p95']:.2f} s" in text
    assert f"memory grew by {100 * demo['memory_growth']:.1f} %" in text
    assert slowest <= float(re.search(r"was refused within (\S+) s", text)[1]) < slowest + 0.011

    runs = {path.stem: json.loads(path.read_text()) for path in (ROOT / "results").glob("*-seed*.json")}
    assert f"({runs['stopword-lstm-seed0']['model']['vocab_size']:,} entries here, 33,873 there)" in text
    longer = runs["bilstm-glove-frozen-long-seed0"]
    validation = 100 * longer["splits"]["validation"]["accuracy"]
    assert f"After {longer['best_epoch']} they have {validation:.1f} % on validation" in text
    assert longer["best_epoch"] == len(longer["epochs"])  # "with the last epoch the best"
    assert f"`lstm-15m` took {runs['lstm-15m-seed0']['elapsed_s'] / 3600:.1f} hours in all" in text
    unpacked = [100 * record["validation"]["accuracy"] for record in runs["packed-lstm-unpacked-seed0"]["epochs"]]
    assert f"has {min(unpacked):.0f} to {max(unpacked):.0f} % on validation in three epochs" in text
    assert len(unpacked) == 3
    found = runs["packed-lstm-glove-seed0"]["embeddings"]
    share = f"{found['num_found']:,} have a vector, {100 * found['share_of_vocabulary']:.2f} %"
    assert f"Of the {found['num_entries']:,} entries {share} (published: 15,814, 63.25 %)" in text
    plain, trained, frozen = (
        sum(run["splits"]["test"]["accuracy"] for name, run in runs.items() if re.fullmatch(group + r"-seed\d", name))
        for group in ("packed-lstm", "packed-lstm-glove", "packed-lstm-glove-frozen")
    )
    assert trained > frozen > plain  # "the three variants come out in the published order"


@pytest.mark.parametrize("content", [None, "{", "[]", '{"a": {}}'])
@pytest.mark.parametrize(
    ("name", "format_section"),
    [
        ("benchmark.json", format_speed),
        ("estimates.json", format_estimates),
        ("precision.json", format_precision),
        ("explanations/a-seed0.json", format_explanations),
    ],
)
def test_figures_that_can_not_be_read_name_the_file_and_what_writes_it(tmp_path, name, format_section, content):
    (tmp_path / "results" / "explanations").mkdir(parents=True)
    if content is not None:
        (tmp_path / "results" / name).write_text(content)
    with pytest.raises(InputError, match=r"results/.* scripts/\w+\.py"):
        format_section(tmp_path)


def test_the_tree_gives_each_module_and_package_its_docstring(tmp_path):
    (tmp_path / "scripts" / "parts").mkdir(parents=True)
    (tmp_path / "scripts" / "go.py").write_text('"""Goes.\n\nFar.\n"""\n')
    (tmp_path / "scripts" / "parts" / "__init__.py").write_text('"""What goes."""\n')
    (tmp_path / "scripts" / "parts" / "wheel.py").write_text('"""Turns."""\n')
    assert format_tree(tmp_path) == "```\nscripts/go.py   Goes\nscripts/parts/  What goes\n```"


@pytest.mark.parametrize(
    "readme", ["", "<!-- tree -->", "<!-- /tree --> <!-- tree -->", "<!-- tree --><!-- /tree -->" * 2]
)
def test_markers_must_be_there_once(readme):
    with pytest.raises(InputError, match="README"):
        replace_section(readme, "tree", "text")


def test_checking_tells_by_its_exit_code_and_writes_nothing(tmp_path, monkeypatch, capsys):
    script = runpy.run_path(str(ROOT / "scripts" / "update_tables.py"))
    monkeypatch.setitem(script["main"].__globals__, "find_missing_sections", lambda root: [])
    script["main"](["--check"])
    (tmp_path / "README.md").write_text("".join(f"<!-- {name} -->\n<!-- /{name} -->\n" for name in WRITERS))
    monkeypatch.setitem(script["main"].__globals__, "ROOT", tmp_path)
    monkeypatch.setitem(script["main"].__globals__, "update_sections", lambda readme, root: README)
    with pytest.raises(SystemExit) as exit_:
        script["main"](["--check"])
    assert exit_.value.code == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert (tmp_path / "README.md").read_text() != README
    script["main"]([])
    assert (tmp_path / "README.md").read_text() == README


def test_checking_names_the_sections_that_the_benchmark_lacks(monkeypatch, capsys):
    script = runpy.run_path(str(ROOT / "scripts" / "update_tables.py"))
    monkeypatch.setitem(script["main"].__globals__, "find_missing_sections", lambda root: ["epoch", "latency"])
    with pytest.raises(SystemExit):
        script["main"](["--check"])
    assert "results/benchmark.json lacks epoch, latency: run" in capsys.readouterr().err


def test_the_committed_benchmark_has_every_section():
    assert find_missing_sections(ROOT) == []


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
    assert "Not measured in this run: training step, epoch, tokenization, bulk scoring, latency, cold start." in text
    assert "epoch" in find_missing_sections(tmp_path)
