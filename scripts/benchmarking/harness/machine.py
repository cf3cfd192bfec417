"""Describes the machine without its name, and measures memory."""

import contextlib
import datetime
import json
import os
import platform
import re
import resource
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarking.harness.instruction_sets import OTHER_LIMITS
from hf_lstm.runtime.cores import count_cores

_PACKAGES = (
    "hf-lstm", "torch", "tokenizers", "numpy", "transformers", "scikit-learn", "fasttext-wheel", "keras", "tensorflow",
    "tensorflow-cpu", "onnxruntime",
)  # fmt: skip

_ASK_TORCH = """
import json, torch
from hf_lstm.runtime.devices import computes_bfloat16_natively, read_cpu_capabilities
with torch.no_grad():
    torch.nn.LSTM(8, 8)(torch.randn(2, 2, 8))  # by oneDNN on any processor, which then says what it uses
flags = [name for name in ("avx2", "avx512_f", "avx512_bf16", "avx512_fp16", "amx_bf16")
         if read_cpu_capabilities().get(name)]
formats = ["float32", *["bfloat16"] * computes_bfloat16_natively(torch.device("cpu"))]
print(json.dumps({"torch_threads": torch.get_num_threads(), "isa_flags": flags, "native_formats": formats}))
"""
_STATUS, _CLEAR_REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def describe_machine() -> dict[str, Any]:
    """Return processor, cores, threads, versions and date as JSON-able values."""
    verbose = dict(os.environ, ONEDNN_VERBOSE="1")
    lines = subprocess.run(
        [sys.executable, "-c", _ASK_TORCH], capture_output=True, text=True, check=True, env=verbose
    ).stdout.splitlines()
    onednn = [match[1] for line in lines if (match := re.search(r"info,cpu,isa:(.*)", line))]
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "processor": _find_processor(),
        "num_cores": count_cores(),
        "onednn_isa": onednn[0] if onednn else None,
        "onednn_max_cpu_isa": os.environ.get("ONEDNN_MAX_CPU_ISA"),
        "other_limits": {name: os.environ[name] for name in OTHER_LIMITS if name in os.environ},
        **json.loads(lines[-1]),
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": {name: version for name in _PACKAGES if (version := _find_version(name))},
    }


def _find_processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists() and (match := re.search(r"^model name\s*:\s*(.*)$", cpuinfo.read_text(), re.MULTILINE)):
        return match[1]
    return platform.processor() or platform.machine()


def _find_version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def reset_peak_memory() -> None:
    """Let the peak memory count from now on.

    Only Linux can; elsewhere it counts from the process's start.
    """
    with contextlib.suppress(OSError):
        _CLEAR_REFS.write_text("5")  # proc(5): resets the peak resident set size


def read_peak_memory_mb() -> float:
    """Read this process's peak resident memory in MB (10**6 bytes).

    That of its children is not counted.
    """
    if _STATUS.exists():  # on Linux `ru_maxrss` is never below what the parent held when it started this process
        return _read_status_mb(_STATUS, "VmHWM")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def read_resident_memory_mb(process_id: int) -> float | None:
    """Read a process's resident memory in MB (10**6 bytes).

    That of its children is not counted. None if it has ended.

    Raises:
        OSError: this system has neither /proc nor `ps`.
    """
    if _STATUS.exists():
        try:
            return _read_status_mb(Path(f"/proc/{process_id}/status"), "VmRSS")
        except (OSError, KeyError):  # ended: until somebody waits for it, its status lacks the memory
            return None
    ps = subprocess.run(["ps", "-o", "rss=", "-p", str(process_id)], capture_output=True, text=True, check=False)
    return int(ps.stdout) * 1024 / 1e6 if ps.stdout.strip() else None


def _read_status_mb(path: Path, field: str) -> float:
    fields = dict(line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
    return int(fields[field].split()[0]) * 1024 / 1e6
