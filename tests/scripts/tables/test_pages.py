"""The pages keep their word: commands, links, names and figures are what the repository holds."""

import ast
import functools
import json
import re
import runpy
import shlex
import statistics
from pathlib import Path

import pytest

from hf_lstm.config.pretrain import PRETRAIN_RECIPES
from hf_lstm.config.recipes.catalog import RECIPES
from hf_lstm.errors import InputError
from tables.accuracy.results import find_groups
from tables.pages import PAGES, replace_section, update_page
from tables.picture.themes import THEMES
from tables.speed.benchmark import find_missing_sections

ROOT = Path(__file__).resolve().parents[3]
WRITTEN = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "CITATION.cff", "results/README.md", "scripts/README.md")
TEXTS = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in (*WRITTEN, *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").glob("*.md"))))
}
LINKS = sorted(
    {
        (page, text, link)
        for page, content in TEXTS.items()
        for text, link in re.findall(r"\[([^\]]*)\]\((?!https?://)([^)\s]+)\)", content)
    }
    | {(page, "", link) for page, content in TEXTS.items() for link in re.findall(r'src(?:set)?="([^"]+)"', content)}
)


@pytest.mark.parametrize(
    ("page", "section"), [(page, section) for page, writers in PAGES.items() for section in writers]
)
def test_what_is_computed_is_as_the_repository_holds(page, section):
    written = replace_section(page, TEXTS[page], section, PAGES[page][section](ROOT))
    assert written == TEXTS[page], f"{section} of {page} is out of date: run python scripts/update_tables.py"


def test_the_readme_is_a_door_and_not_the_house():
    assert len(TEXTS["README.md"].encode()) <= 12_000


@pytest.mark.parametrize(
    "command",
    ['pip install -e ".[train]" && python scripts/train.py --dataset sample', 'pip install -e ".[test]" && pytest'],
)
def test_the_set_up_commands_stand_on_lines_of_their_own(command):
    assert command in TEXTS["README.md"].splitlines()


def test_the_readmes_example_says_what_the_model_answers():
    (example,) = re.findall(r"```python\n(from hf_lstm import .*?)```", TEXTS["README.md"], flags=re.DOTALL)
    assert len(example.splitlines()) == 10
    names = {}
    said = {}
    for line in example.splitlines():
        code, _, comment = line.partition("#")
        if "save_pretrained" in code or "push_to_hub" in code:
            assert hasattr(names["model"], code.split(".")[1].split("(")[0])
            continue
        tree = ast.parse(code)
        if tree.body and isinstance(tree.body[0], ast.Expr):
            said[code.strip()] = (eval(code, names), comment.strip())
        else:
            exec(code, names)
    (answer, comment), (answers, _), (probabilities, shape), (words, contributions) = said.values()
    assert {**answer, "score": round(answer["score"], 2)} == ast.literal_eval(comment)
    assert [each["label"] for each in answers] == ["pos", "neg"]
    assert f"tensor {tuple(probabilities.shape)}" in shape
    found = {word["word"]: f"{word['contribution']:+.1f}" for word in words}
    for word, contribution in re.findall(r"'(\w+)' ([-+][\d.]+)", contributions):
        assert found[word] == contribution
    (misread,) = re.findall(r'takes "(.*?)" for praise', " ".join(TEXTS["README.md"].split()))
    assert names["model"].predict(misread)["label"] == "pos"


def test_the_readmes_example_of_training_runs(tmp_path, monkeypatch):
    (example,) = re.findall(r"```python\n(import hf_lstm\n.*?)```", TEXTS["README.md"], flags=re.DOTALL)
    rows = [f"a {word} film {i},{label}" for i in range(20) for word, label in (("great", "pos"), ("bad", "neg"))]
    monkeypatch.chdir(tmp_path)
    Path("sample").mkdir()
    Path("sample/train.csv").write_text("\n".join(["text,label", *rows]))
    names = {}
    exec(example.replace('"sample"', '"./sample"'), names)  # fewer rows, in a second
    assert names["result"].model.config.label_names == ["neg", "pos"]
    assert names["result"].results.splits["test"].num_rows == 4


def test_the_example_of_training_from_python_runs(tmp_path, monkeypatch, capsys):
    (example,) = re.findall(r"```python\n(import hf_lstm\n.*?)```", TEXTS["docs/recipes.md"], flags=re.DOTALL)
    rows = [f"a {word} film {i},{label}" for i in range(20) for word, label in (("great", "pos"), ("bad", "neg"))]
    for split in ("train", "test"):
        (tmp_path / "sample").mkdir(exist_ok=True)
        (tmp_path / "sample" / f"{split}.csv").write_text("\n".join(["text,label", *rows]))
    (tmp_path / "space").symlink_to(ROOT / "space")
    monkeypatch.chdir(tmp_path)
    exec(example.replace('"sample"', '"./sample"'), {})
    accuracy, answer, shipped = capsys.readouterr().out.splitlines()[-3:]
    assert 0 <= float(accuracy) <= 1
    assert ast.literal_eval(answer)["label"] in ("neg", "pos")
    assert float(shipped) > 0.9
    assert (tmp_path / "runs" / "first" / "model.safetensors").is_file()


@pytest.mark.parametrize(("page", "text", "link"), LINKS)
def test_links_lead_somewhere(page, text, link):
    path, _, anchor = link.partition("#")
    target = (ROOT / page).parent / path if path else ROOT / page
    assert target.exists(), f"{page} links to {link}"
    assert target.resolve().is_relative_to(ROOT)
    if anchor:
        assert anchor in list_anchors(target), f"{page} links to {link}"


@functools.cache
def list_anchors(page):
    """Return the names that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


@pytest.mark.parametrize(
    ("page", "name", "link"),
    [(page, text[1:-1], link) for page, text, link in LINKS if re.fullmatch(r"`\w+`", text) and link.endswith(".py")],
)
def test_functions_and_classes_are_where_the_pages_say(page, name, link):
    tree = ast.parse(((ROOT / page).parent / link).read_text(encoding="utf-8"))
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    defined |= {node.target.id for node in tree.body if isinstance(node, ast.AnnAssign)}
    assert name in defined, f"{page}: there is no {name} in {link}"


def test_what_the_usual_changes_name_stands_in_files_that_they_link():
    for change in TEXTS["CONTRIBUTING.md"].split("\n### ")[1:]:
        steps = change.partition("\n## ")[0]
        links = re.findall(r"\]\((hf_lstm/[\w/.]+)\)", steps)
        files = [file for link in links for file in ((ROOT / link).glob("*.py") if "." not in link else [ROOT / link])]
        linked = " ".join(file.read_text(encoding="utf-8") for file in files)
        for name in re.findall(r"`([A-Za-z_]\w+)`", steps):
            assert re.search(rf"\b{name}\b", linked), f"CONTRIBUTING.md: {name} is in none of {links}"


@pytest.mark.parametrize("page", TEXTS)
def test_scripts_recipes_and_settings_that_are_named_exist(page):
    text = TEXTS[page]
    for script in re.findall(r"(?<!tests/)scripts/\w+\.py", text):
        assert (ROOT / script).is_file(), f"{page} names {script}"
    for recipe in re.findall(r"--recipe ([a-z][\w-]*)", text):
        assert recipe in {**RECIPES, **PRETRAIN_RECIPES}, f"{page} names {recipe}"
    known = TEXTS["docs/settings.md"]
    for setting in re.findall(r"\b(?:data|tokenizer|model|train)\.\w+(?==)", text):
        assert f"`{setting}`" in known or setting == "model.id2label", f"{page} names {setting}"


COMMANDS = {"train", "pretrain", "search", "predict", "evaluate", "export", "serve", "push"}


@pytest.mark.parametrize("page", TEXTS)
def test_commands_are_those_of_the_package(page):
    named = set(re.findall(r"(?:`|^|\| )hf-lstm (\w+)", TEXTS[page], re.MULTILINE))
    assert named <= COMMANDS
    assert page != "README.md" or named == COMMANDS


def test_the_rooms_are_listed_in_the_order_of_imports():
    order = [room.replace(".", "/") for room in runpy.run_path(str(ROOT / "tests" / "test_imports.py"))["ROOMS"]]
    rooms = [room for room in order if (ROOT / "hf_lstm" / room).is_dir()]
    assert re.findall(r"^\| \[`([\w/]+)`\]\(\.\./hf_lstm/\1\)", TEXTS["docs/architecture.md"], re.MULTILINE) == rooms


def test_the_drawing_has_the_arrows_of_the_imports():
    names = runpy.run_path(str(ROOT / "tests" / "test_imports.py"))
    rooms = [room for room in names["ROOMS"] if (ROOT / "hf_lstm" / room).is_dir()]
    users = {room: set() for room in rooms}
    for module, path in names["MODULES"].items():
        for imported in names["find_imports"](path):
            user, used = module.split(".")[0], imported.split(".")[0]
            if user != used and {user, used} <= set(rooms):
                users[used].add(user)
    above = {}
    for room in reversed(rooms):  # users stand later in the list
        above[room] = users[room].union(*(above[user] for user in users[room]))
    arrows = {room: users[room].difference(*(above[user] for user in users[room])) for room in rooms if users[room]}
    drawn = re.findall(r"^    (\w+) --> (.*)$", TEXTS["docs/architecture.md"], re.MULTILINE)
    assert {room: set(ends.split(" & ")) for room, ends in drawn} == arrows


def join_lines(page):
    return " ".join(TEXTS[page].split())


def read_runs():
    return {path.stem: json.loads(path.read_text()) for path in (ROOT / "results").glob("*-seed*.json")}


def test_figures_of_the_demo_are_those_of_its_file():
    demo = json.loads((ROOT / "results" / "demo_load.json").read_text())
    text = join_lines("docs/deployment.md")
    assert f"{demo['num_clients']} clients for a minute" in text
    assert demo["seconds"] == 60
    assert f"had {demo['num_answers']} answers without an error" in text
    assert demo["num_server_errors"] == 0
    assert f"within {demo['latency_s']['p50']:.2f} s, 95 % within {demo['latency_s']['p95']:.2f} s" in text
    assert f"Memory grew by {100 * demo['memory_growth']:.1f} %" in text
    slowest = max(refusal["longest_s"] for refusal in demo["refusals"].values())
    assert slowest <= float(re.search(r"was refused within (\S+) s", text)[1]) < slowest + 0.011
    assert f"ran on the same {demo['machine']['num_cores']} cores" in text


def test_limits_of_the_demo_are_those_of_its_code():
    from hf_lstm.demo.batch_rows import MAX_ROWS
    from hf_lstm.demo.endpoints import MAX_CHARACTERS
    from hf_lstm.demo.guards.request_checks import MAX_UPLOAD_BYTES

    limits = f"A text has up to {MAX_CHARACTERS:,} characters, a batch up to {MAX_ROWS:,} texts"
    assert f"{limits}, a file up to {MAX_UPLOAD_BYTES // 2**20} MB." in join_lines("docs/deployment.md")


def test_widths_that_predict_in_bfloat16_are_those_of_the_code():
    from hf_lstm.runtime.devices import MIN_BFLOAT16_UNITS, MIN_POOLED_BFLOAT16_UNITS

    widths = f"bfloat16 for {MIN_BFLOAT16_UNITS} hidden units and more, or for {MIN_POOLED_BFLOAT16_UNITS} and more"
    assert f"{widths} whose states are pooled" in join_lines("results/README.md")


def test_figures_of_the_runs_are_those_of_their_files():
    runs, groups, text = read_runs(), find_groups(ROOT), join_lines("docs/recipes.md")
    assert f"({runs['stopword-lstm-seed0']['model']['vocab_size']:,} entries here, 33,873 there)" in text
    stopword = groups["stopword-lstm"].mean_accuracy
    assert f"Ours is {RECIPES['stopword-lstm'].published['test_accuracy'] - stopword:.1f} points short" in text
    longer = runs["bilstm-glove-frozen-long-seed0"]
    validation = 100 * longer["splits"]["validation"]["accuracy"]
    assert f"After {longer['best_epoch']} they have {validation:.1f} % on validation" in text
    assert longer["best_epoch"] == len(longer["epochs"])  # "with the last epoch the best"
    frozen = mean_validation(groups["bilstm-glove-frozen"])
    assert f"is {RECIPES['bilstm'].published['validation_accuracy'] - frozen:.0f} points short of it" in text
    found = runs["packed-lstm-glove-seed0"]["embeddings"]
    share = f"{found['num_found']:,} have a vector, {100 * found['share_of_vocabulary']:.2f} %"
    assert f"Of the {found['num_entries']:,} entries {share} (published: 15,814, 63.25 %)" in text

    text = join_lines("results/README.md")
    assert f"`lstm-15m` took {runs['lstm-15m-seed0']['elapsed_s'] / 3600:.1f} hours in all" in text
    unpacked = [100 * record["validation"]["accuracy"] for record in runs["packed-lstm-unpacked-seed0"]["epochs"]]
    assert f"has {min(unpacked):.0f} to {max(unpacked):.0f} % on validation in three epochs" in text
    assert len(unpacked) == 3


def mean_validation(group):
    return statistics.fmean(100 * run["splits"]["validation"]["accuracy"] for run in group.runs.values())


def test_the_variants_with_glove_are_as_the_page_says():
    groups = find_groups(ROOT)
    plain, trained, frozen = (groups[f"packed-lstm{end}"] for end in ("", "-glove", "-glove-frozen"))
    assert trained.mean_accuracy > frozen.mean_accuracy > plain.mean_accuracy  # "in the published order on test"
    spread = statistics.stdev(100 * run["splits"]["test"]["accuracy"] for run in trained.runs.values())
    assert trained.mean_accuracy - frozen.mean_accuracy < spread  # "closer to each other than their seeds"
    for group in (trained, frozen):  # "On validation both have less than published."
        assert mean_validation(group) < RECIPES[group.name].published["validation_accuracy"]


def test_the_commands_of_results_are_those_of_their_files():
    text = TEXTS["results/README.md"]
    paths = list((ROOT / "results" / "explanations").glob("*.json"))
    assert paths
    for path in paths:
        command = json.loads(path.read_text())["command"]
        shown = (
            "python scripts/measure_explanations.py runs/NAME --num-occluded 50 --output results/explanations/NAME.json"
        )
        assert shown in text
        words = shlex.split(command)
        assert {"--num-occluded", "50"} <= set(words), f"{path} was written by {command}"


@pytest.mark.parametrize(
    "text", ["", "<!-- tree -->", "<!-- /tree --> <!-- tree -->", "<!-- tree --><!-- /tree -->" * 2]
)
def test_markers_must_be_there_once(text):
    with pytest.raises(InputError, match=r"docs/page\.md: expected <!-- tree -->"):
        replace_section("docs/page.md", text, "tree", "content")


@pytest.fixture
def script(monkeypatch):
    """`scripts/update_tables.py`, with a benchmark of all sections and new pictures."""
    names = runpy.run_path(str(ROOT / "scripts" / "update_tables.py"))["main"].__globals__
    monkeypatch.setitem(names, "find_missing_sections", lambda root: [])
    monkeypatch.setitem(names, "find_old_pictures", lambda: [])
    return names


def test_checking_tells_by_its_exit_code_and_writes_nothing(tmp_path, monkeypatch, capsys, script):
    script["main"](["--check"])
    for name, sections in PAGES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("".join(f"<!-- {section} -->\n<!-- /{section} -->\n" for section in sections))
    monkeypatch.setitem(script, "ROOT", tmp_path)
    monkeypatch.setitem(script, "update_page", lambda name, text, root: TEXTS[name])
    with pytest.raises(SystemExit) as exit_:
        script["main"](["--check"])
    assert exit_.value.code == 1
    complaints = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in complaints] == list(PAGES)
    assert all((tmp_path / name).read_text() != TEXTS[name] for name in PAGES)
    script["main"]([])
    assert all((tmp_path / name).read_text() == TEXTS[name] for name in PAGES)


def test_pages_are_written_anew_section_by_section(monkeypatch, tmp_path):
    writers = {"one": lambda root: f"of {root.name}", "two": lambda root: "2"}
    monkeypatch.setattr("tables.pages.PAGES", {"page.md": writers})
    text = "<!-- one -->\nold\n<!-- /one -->\nbetween\n<!-- two -->\n<!-- /two -->\n"
    expected = f"<!-- one -->\nof {tmp_path.name}\n<!-- /one -->\nbetween\n<!-- two -->\n2\n<!-- /two -->\n"
    assert update_page("page.md", text, tmp_path) == expected


def test_checking_names_the_sections_that_the_benchmark_lacks(monkeypatch, capsys, script):
    monkeypatch.setitem(script, "find_missing_sections", lambda root: ["epoch", "latency"])
    with pytest.raises(SystemExit):
        script["main"](["--check"])
    assert "results/benchmark.json lacks epoch, latency: run" in capsys.readouterr().err


def test_checking_names_pictures_that_show_something_else(monkeypatch, capsys, tmp_path):
    script = runpy.run_path(str(ROOT / "scripts" / "update_tables.py"))["main"].__globals__
    assert script["find_old_pictures"]() == []
    monkeypatch.setitem(script, "ROOT", tmp_path)
    monkeypatch.setitem(script, "collect_panels", lambda root: [])
    monkeypatch.setitem(script, "find_missing_sections", lambda root: [])
    lines = script["list_complaints"]([])
    assert [line.split()[0] for line in lines] == [f"docs/images/{name}" for name in THEMES]
    assert all(line.endswith("run python scripts/draw_speed.py") for line in lines)


def test_the_committed_benchmark_has_every_section():
    assert find_missing_sections(ROOT) == []
