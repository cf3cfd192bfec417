"""Keeps the figures of several kinds of processors side by side."""

from collections.abc import Mapping
from typing import Any

OTHERS = "other_processors"
"""Where results hold the machine, options and sections of other kinds, by kind."""
_KINDS = {"amx_bf16": "AMX", "avx512_bf16": "AVX-512 with bfloat16", "avx512_f": "AVX-512", "avx2": "AVX2"}
"""By the flag that tells them, the best first."""


def name_kind(machine: Mapping[str, Any]) -> str:
    """Return the kind of a processor, as `describe_machine` describes it: what it computes matrix products with."""
    limit = machine.get("onednn_max_cpu_isa")
    found = next((kind for flag, kind in _KINDS.items() if flag in (machine.get("isa_flags") or ())), "no AVX")
    return f"{found}, limited to {limit}" if limit else found


def merge_results(earlier: Mapping[str, Any] | None, results: Mapping[str, Any], *, updates: bool) -> dict[str, Any]:
    """Put results beside those of other kinds of processors, which stay as they are.

    Args:
        earlier: what the file held; None if nothing.
        results: machine, options and sections of one kind.
        updates: sections of the same kind that were not measured again stay, too, with their machine and options.
    """
    if earlier is None:
        return dict(results)
    others, kind = earlier.get(OTHERS, {}), name_kind(results["machine"])
    if kind == name_kind(earlier["machine"]):
        merged = _update(earlier, results) if updates else dict(results)
        return merged | ({OTHERS: others} if others else {})
    changed = _update(others[kind], results) if updates and kind in others else dict(results)
    return {**earlier, OTHERS: {**others, kind: changed}}


def find_kind(results: Mapping[str, Any], kind: str) -> Mapping[str, Any] | None:
    """Find the results of a kind of processor; None if there are none."""
    found: Mapping[str, Any] | None = results.get(OTHERS, {}).get(kind)
    return results if name_kind(results["machine"]) == kind else found


def _update(earlier: Mapping[str, Any], results: Mapping[str, Any]) -> dict[str, Any]:
    return {**earlier, "sections": {**earlier["sections"], **results["sections"]}}
