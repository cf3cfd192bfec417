"""Writes the results as a table for people and as JSON."""

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from hf_lstm.files.writing import write_file

_NAME_WIDTH = 34


def write_json(results: Mapping[str, Any], path: Path) -> None:
    """Write `results` as JSON, whole or not at all.

    `path` holds either what it held before or all of them.
    """
    write_file(path, f"{json.dumps(results, indent=1, allow_nan=False)}\n".encode())


def format_machine(machine: Mapping[str, Any]) -> str:
    """Describe the machine in two lines."""
    emulated = f", limited to {machine['onednn_max_cpu_isa']}" if machine["onednn_max_cpu_isa"] else ""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"{machine['processor']}, {machine['num_cores']} cores; oneDNN uses {machine['onednn_isa']}{emulated}; "
        f"{machine['torch_threads']} PyTorch threads\nPython {machine['python']}, {versions}"
    )


def format_section(name: str, section: Mapping[str, Any]) -> str:
    """Format a section's results as lines of a table.

    What was measured comes first, then what it comes to.
    """
    lines = [f"{name} - {section['title']}", f"  {_format_settings(section['settings'])}"]
    for contender, result in section["contenders"].items():
        lines.extend(_format_contender(contender, result))
    lines.extend(_format_figure(figure) for figure in section["figures"])
    return "\n".join(lines)


def _format_contender(name: str, result: Mapping[str, Any]) -> Iterator[str]:
    if result["status"] != "measured":
        status = "" if result["status"] == "stopped" else f"{result['status']}: "
        yield f"  {name:<{_NAME_WIDTH}} {status}{result['reason']}"
        return
    for metric, summary in result["metrics"].items():
        spread = f"{format_number(summary['min'])} .. {format_number(summary['max'])}"
        yield f"  {name:<{_NAME_WIDTH}} {format_number(summary['median']):>10}  {_name_unit(metric):<40} {spread}"
        name = ""
    if result["reason"]:
        yield f"  {'':<{_NAME_WIDTH}} {'':>10}  {result['reason']}"
    if result["facts"]:
        yield f"  {'':<{_NAME_WIDTH}} {'':>10}  {_format_settings(result['facts'])}"


def _name_unit(metric: str) -> str:
    """Return a metric's name for people: `mb_per_s` is MB/s."""
    words = metric.replace("_per_", " / ").split("_")
    return " ".join(words).replace(" / ", "/").replace("mb", "MB").replace("gflop", "GFLOP")


def _format_figure(figure: Mapping[str, Any]) -> str:
    if "missing" in figure:
        return f"  = {figure['title']}: not measured, as {' and '.join(figure['missing'])} is missing"
    value = f"{format_number(figure['median'])} {figure['unit']}"
    spread = f"{format_number(figure['min'])} .. {format_number(figure['max'])}"
    target = ""
    if figure["target"]:
        ((direction, bound),) = figure["target"].items()
        reached = "reached" if figure["is_reached"] else "NOT reached"
        target = f"; target {direction.replace('_', ' ')} {format_number(bound)} {figure['unit']}: {reached}"
    return f"  = {figure['title']}: {value} ({spread}){target}"


def _format_settings(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {_format_value(value)}" for name, value in settings.items())


def _format_value(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"({_format_settings(value)})"
    if isinstance(value, list):
        return "/".join(map(_format_value, value))
    return format_number(value) if isinstance(value, float) else str(value)


def format_number(value: float) -> str:
    """Format a number with three significant digits, whole from 100 on."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


@contextlib.contextmanager
def show_progress(section: str) -> Iterator[Callable[[str, str], None]]:
    """Give a function to show a section's progress on stderr.

    It is told the stage, and whose turn it is. A log gets one line a stage, not one a contender: a round is what people
    wait for.
    """
    if sys.stderr.isatty():
        with tqdm(bar_format="{desc} [{elapsed}]", leave=False) as bar:
            yield lambda stage, name: bar.set_description_str(f"{section}, {stage}: {name}")
        return
    started, shown = time.perf_counter(), ""

    def write(stage: str, name: str) -> None:
        nonlocal shown
        if stage != shown:
            print(f"{section}: {stage} [{time.perf_counter() - started:.0f} s]", file=sys.stderr, flush=True)
            shown = stage

    yield write
