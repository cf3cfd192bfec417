"""List the commands in `scripts/`, by what they are for."""

import ast
from collections.abc import Mapping
from pathlib import Path

from hf_lstm.errors import InputError

_PURPOSES: Mapping[str, str] = {
    "Use a model": "predict evaluate export_onnx deploy_space",
    "Train": "train estimate_training average_models make_film_groups make_star_classes",
    "Measure quality": (
        "measure_baselines add_baselines measure_explanations measure_precision measure_short_texts show_padding_harm"
        " try_few_labels"
    ),
    "Measure speed and load": "benchmark measure_shards load_test_api load_test_demo",
    "Draw, and write pages": "draw_speed draw_preview update_tables renew_model_pages",
    "Break on purpose": (
        "crash_matrix kill_commands kill_ranks kill_ray_worker try_faulty_hub try_hostile_files mutation_testing"
    ),
    "Compare with Python what runs elsewhere": "check_browser check_javascript",
    "Build what is shipped": "make_sample place_flagship place_vectors",
}


def format_commands(root: Path) -> str:
    """Return a list for each purpose: commands, and what their docstrings say.

    Raises:
        InputError: a script has no purpose, or two, or is none.
    """
    named = [name for names in _PURPOSES.values() for name in names.split()]
    found = sorted(path.stem for path in (root / "scripts").glob("*.py"))
    if sorted(named) != found:
        wrong = sorted({name for name in {*named, *found} if named.count(name) != found.count(name)})
        raise InputError(f"{Path(__file__).name}: {', '.join(wrong)}: expected each script under one purpose")
    return "\n\n".join(_format_purpose(root, purpose, names.split()) for purpose, names in _PURPOSES.items())


def _format_purpose(root: Path, purpose: str, names: list[str]) -> str:
    return "\n".join(
        [f"**{purpose}**", "", *(f"- [`{name}.py`]({name}.py): {_read_summary(root, name)}" for name in names)]
    )


def _read_summary(root: Path, name: str) -> str:
    docstring = ast.get_docstring(ast.parse((root / "scripts" / f"{name}.py").read_text(encoding="utf-8"))) or ""
    summary = docstring.partition("\n")[0]
    return summary[:1].lower() + summary[1:]
