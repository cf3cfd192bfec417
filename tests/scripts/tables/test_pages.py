"""The pages keep their word: commands, links and names are what the repository holds."""

import ast
import functools
import re
import runpy
from pathlib import Path

import pytest
from written_pages import ROOT, TEXTS

from hf_lstm.config.pretrain import PRETRAIN_RECIPES
from hf_lstm.config.recipes.catalog import RECIPES
from hf_lstm.errors import InputError
from tables.pages import PAGES, replace_section

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


@pytest.mark.parametrize(
    "text", ["", "<!-- tree -->", "<!-- /tree --> <!-- tree -->", "<!-- tree --><!-- /tree -->" * 2]
)
def test_markers_must_be_there_once(text):
    with pytest.raises(InputError, match=r"docs/page\.md: expected <!-- tree -->"):
        replace_section("docs/page.md", text, "tree", "content")
