"""The layout: what imports what, and how little inference needs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "hf_lstm"

# A module may import only modules that stand before it.
ORDER = """
    errors cli provenance setting_checks model_config train_config config overrides published_recipes recipes
    hub_errors hub_session hub_commit hub_files
    splits data_columns utf8_files row_files data_text_files data_files data_cache data_sources data
    word_patterns word_splitting wordpiece tokenization encoding
    batching ragged_rows cpu_threads cpu_lstm segment_states cpu_layer dropout recurrence pooling network devices
    model_files model_download report_files generated_mark markdown card_metadata card hub space_readme hub_space
    prediction lstm_decomposition explanation modeling
    vector_files embeddings metrics objectives calibration evaluation optimization passes training starting_point
    text_files held_out error_analysis plot_fonts plots mistakes_page report_page report_summary report comparison
    checkpointing preparation measurement experiment onnx_graph onnx_network onnx_export upload_check log_redaction
    request_bodies request_guard
    demo_figures demo_tables demo_wording demo_requests demo_words demo_single demo_batch demo_model demo
""".split()


def find_imports(module: Path) -> set[str]:
    imported = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "hf_lstm":
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("hf_lstm."):
            imported.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("hf_lstm.")}
    return imported


def is_for_type_checking_alone(module: str, imported: str) -> bool:
    return module in ("prediction", "explanation") and imported == "modeling"  # methods of the model delegate to these


def test_every_module_has_its_place():
    assert sorted(ORDER) == sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("module", ORDER)
def test_imports_go_one_way(module):
    for imported in find_imports(PACKAGE / f"{module}.py") & set(ORDER):
        if not is_for_type_checking_alone(module, imported):
            assert ORDER.index(imported) < ORDER.index(module), f"{module} imports {imported}"


def run_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_inference_loads_nothing_of_training_data_or_demo(tiny_model_folder):
    heavy = """datasets evaluate pandas pyarrow transformers gradio matplotlib sklearn jinja2 torch._dynamo
        hf_lstm.training""".split()
    code = f"""
import sys
from hf_lstm import LSTMSentiment
LSTMSentiment.from_pretrained({str(tiny_model_folder)!r}).predict(["a film"])
print(sorted(set({heavy!r}) & set(sys.modules)))
"""
    assert run_python(code) == "[]\n"


def test_config_and_recipes_do_not_wait_for_torch():
    assert run_python("import sys, hf_lstm.recipes; print('torch' in sys.modules)") == "False\n"


def test_the_train_script_parses_its_arguments_before_torch_is_imported():
    scripts = str(PACKAGE.parent / "scripts")
    code = f"import sys; sys.path.insert(0, {scripts!r}); import train; print('torch' in sys.modules)"
    assert run_python(code) == "False\n"
