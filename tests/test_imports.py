"""The rooms: what may import what, and how little inference needs."""

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hf_lstm.model.text_classifier import digest_model

PACKAGE = Path(__file__).resolve().parent.parent / "hf_lstm"

ROOMS = """
    errors extras shipped files runtime edit_mark markdown progress provenance records config config.recipes remote
    hub hub.cards hub.spaces storage tracking nn.cpu nn.cuda nn objectives tokenization encoding formats rows sources
    data model.explaining model answers export evaluation report.plots report api demo.guards demo.content demo
    engines pretraining teaching.editing teaching distributed training.vectors training.bases training.loop training
    searching sklearn transformers cli.common cli.scoring cli __main__
""".split()
"""A room, a room within a room, or a module beside them may import only itself and those that stand before it."""


def find_imports(module: Path) -> set[str]:
    """Return all modules of the package that a module imports: also for types alone, and inside functions."""
    imported = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "hf_lstm":
            imported |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names if alias.name.split(".")[0] == "hf_lstm"}
    return {found for name in imported if (found := find_module(name)) is not None}


def find_module(name: str) -> str | None:
    """Return the longest part of a dotted name that is a module or a room, without `hf_lstm.`; None for itself."""
    parts = name.split(".")[1:]
    while parts:
        path = PACKAGE.joinpath(*parts)
        if path.with_suffix(".py").is_file() or (path / "__init__.py").is_file():
            return ".".join(parts)
        parts.pop()
    return None


def name_module(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_module(path): path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py"}
FOLDERS = sorted(path.parent for path in PACKAGE.rglob("*/__init__.py"))


def find_room(module: str) -> str:
    """Return the room of a module, by its name without `hf_lstm.`: of a package its own, of others their folder's."""
    return module if module in ROOMS else module.rpartition(".")[0]


def test_every_module_is_in_a_room_or_has_its_place_beside_them():
    assert sorted({find_room(name) for name in MODULES}) == sorted(ROOMS)


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_one_way(module):
    room = ROOMS.index(find_room(module))
    for imported in find_imports(MODULES[module]):
        assert ROOMS.index(find_room(imported)) <= room, f"{module} imports {imported}"


@pytest.mark.parametrize("room", [PACKAGE, *FOLDERS], ids=lambda room: room.name)
def test_a_room_has_up_to_nine_files(room):
    assert len([path for path in room.glob("*.py") if path.name not in ("__init__.py", "__main__.py")]) <= 9


def test_no_modules_import_each_other():
    graph = {module: find_imports(path) - {module} for module, path in MODULES.items()}
    graph["config"] = set()  # gives out what its own modules define
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) == len(graph)


@pytest.mark.parametrize("room", FOLDERS, ids=name_module)
def test_importing_a_room_imports_nothing_else(room):
    tree = ast.parse((room / "__init__.py").read_text())
    assert ast.get_docstring(tree)
    assert len(tree.body) == 1 or room.name == "config"


def run_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_inference_loads_nothing_of_training_data_or_demo(tiny_model_folder, tmp_path):
    (tmp_path / "reviews.csv").write_text("id,review\n1,a film\n")
    heavy = """datasets evaluate pandas pyarrow transformers gradio matplotlib sklearn jinja2 onnx onnxruntime
        torch._dynamo hf_lstm.data hf_lstm.training""".split()
    code = f"""
import sys
from hf_lstm import LSTMSentiment
model = LSTMSentiment.from_pretrained({str(tiny_model_folder)!r})
model.predict(["a film"])
model.explain("a film")
from hf_lstm.cli.predict import main  # a file of text needs no Arrow
main([{str(tiny_model_folder)!r}, {str(tmp_path / "reviews.csv")!r}])
print(sorted(set({heavy!r}) & set(sys.modules)))
"""
    assert run_python(code).splitlines()[-1] == "[]"


def test_no_run_waits_for_pipelines():
    """The library `evaluate` brings all those of transformers along."""
    for module, path in MODULES.items():
        tree = ast.parse(path.read_text())
        names = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
        assert not {"evaluate", "transformers"} & names, module


def test_recipes_and_commands_are_read_before_torch_is_imported():
    commands = ["train", "search", "pretrain", "predict", "evaluate", "export", "serve", "push"]
    modules = ["hf_lstm.config.recipes.catalog", *(f"hf_lstm.cli.{command}" for command in commands)]
    code = f"""
import importlib, sys
for module in {modules!r}:
    importlib.import_module(module)
    assert "torch" not in sys.modules, module
"""
    run_python(code)


def test_processes_that_move_parts_of_a_corpus_need_little(tmp_path, tiny_model, tiny_model_folder):
    folder = tmp_path / "in"
    folder.mkdir()
    pq.write_table(pa.table({"review": ["a film"]}), folder / "reviews.parquet")
    (folder / "reviews.csv").write_text("id,review\n1,a film\n")
    (folder / "reviews.jsonl").write_text('{"review": "a film"}\n')
    code = f"""
import sys
import hf_lstm.engines.ray_engine
from hf_lstm.engines.corpus import find_corpus
from hf_lstm.engines.parts import PartScorer, Scoring, read_parts
files = find_corpus([{str(folder)!r}], None, None)
parts = [part for file in files for part in read_parts(file.source, None, None, ())]
unwanted = {{"datasets", "pyarrow.dataset", "hf_lstm.data"}}
print(len(parts), sorted({{"torch", *unwanted}} & set(sys.modules)))
scorer = PartScorer(Scoring({str(tiny_model_folder)!r}, {str(tmp_path)!r}, {digest_model(tiny_model)!r}))
print([scorer.score("x", part) for part in parts], sorted(unwanted & set(sys.modules)))
"""
    assert run_python(code) == "3 []\n[1, 1, 1] []\n"
