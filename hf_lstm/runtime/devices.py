"""Chooses the device and the number format to compute with."""

import contextlib
import functools
import logging
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import torch

from hf_lstm.errors import InputError

MIN_BFLOAT16_UNITS = 128
MIN_POOLED_BFLOAT16_UNITS = 24
"""LSTMs with fewer hidden units predict in float32: see `resolve_precision`."""
MAX_CACHED_KERNELS = 64
"""Compiled kernels that oneDNN may keep: see `limit_kernel_cache`."""
_ISA_LIMITS = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")
"""Environment variables that keep oneDNN from using all that the CPU has, the newer name first."""
_ISAS_WITHOUT_BFLOAT16 = {"SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2", "AVX512_CORE", "AVX512_CORE_VNNI"}
"""Reference: https://uxlfoundation.github.io/oneDNN/dev_guide_cpu_dispatcher_control.html"""
_PROBE_SIZE = 256
_MIN_SLOWDOWN = 1.5
"""Of an emulated format, to warn of it."""

logger = logging.getLogger(__name__)


class Sizes(Protocol):
    """What a model's settings say of its width."""

    @property
    def hidden_size(self) -> int:
        """Return the units per direction."""

    @property
    def pooling(self) -> str:
        """Return how states become features; `last` is the last state alone."""


def resolve_device(name: str) -> torch.device:
    """Return the device of a name.

    `auto` means the accelerator that PyTorch finds, else the CPU.

    Raises:
        InputError: the name is unknown, or this machine has no such device.
    """
    accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    if name == "auto":
        return accelerator or torch.device("cpu")
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError):
        raise InputError(f"there is no device {name!r}; expected auto, cpu, cuda, xpu or mps") from None
    if device.type != "cpu" and (accelerator is None or accelerator.type != device.type):
        found = f"PyTorch finds {accelerator.type}" if accelerator else "PyTorch finds no accelerator"
        raise InputError(f"device {name!r} is not available here: {found}; use --device auto")
    return device


def computes_bfloat16_natively(device: torch.device) -> bool:
    """Return whether a device has bfloat16 matrix products in hardware.

    Otherwise they are emulated, which is slower. On a CPU it counts what oneDNN may use of it.
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    limit = next((os.environ[name].upper() for name in _ISA_LIMITS if name in os.environ), None)
    if device.type != "cpu" or limit in _ISAS_WITHOUT_BFLOAT16:
        return False
    capabilities = read_cpu_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def read_cpu_capabilities() -> Mapping[str, Any]:
    """Read what the CPU can do, by PyTorch's names of it, such as `avx2` and `amx_bf16`; other names may be missing."""
    if hasattr(torch.cpu, "get_capabilities"):  # since PyTorch 2.11
        capabilities: Mapping[str, Any] = torch.cpu.get_capabilities()
        return capabilities
    return {
        "avx2": torch.cpu._is_avx2_supported(),
        "avx512_f": torch.cpu._is_avx512_supported(),
        "avx512_bf16": torch.cpu._is_avx512_bf16_supported(),
        "amx_bf16": torch.cpu._is_amx_tile_supported(),  # all that have AMX multiply bfloat16 with it
    }


def resolve_precision(precision: str, device: torch.device, *, model: "Sizes | None") -> torch.dtype:
    """Return the dtype to compute with.

    `auto` means bfloat16 if the device has it in hardware, else float32. To predict, the LSTM must also be wide enough
    for the rounding to average out: `MIN_BFLOAT16_UNITS` where the last state alone counts, and
    `MIN_POOLED_BFLOAT16_UNITS` where states are pooled. Of 25,000 reviews, `stopword-lstm` with the last of 100 units
    gave 8 another label in bfloat16; of 10,000, `distilled-bilstm` with 64 pooled ones gave 2. `flagship-tiny`, with 24
    pooled ones, gave 9 of 25,000 texts another one, and no probability differed by more than 0.015; it is a third
    faster. An emulated `bfloat16` is warned of once.

    Args:
        precision: `float32`, `bfloat16` or `auto`.
        device: where to compute.
        model: the one that predicts. None for training: there bfloat16 is twice as fast at any size.

    Raises:
        InputError: `precision` is none of the three.
    """
    if precision == "auto":
        least = MIN_BFLOAT16_UNITS if model is not None and model.pooling == "last" else MIN_POOLED_BFLOAT16_UNITS
        is_wide = model is None or model.hidden_size >= least
        return torch.bfloat16 if is_wide and computes_bfloat16_natively(device) else torch.float32
    if precision not in ("float32", "bfloat16"):
        raise InputError(f"precision is {precision!r}, but must be one of auto, float32, bfloat16")
    if precision == "bfloat16" and not computes_bfloat16_natively(device):
        _warn_of_emulation(device)
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


def warn_of_emulated_weights(weights: torch.dtype, device: torch.device) -> None:
    """Warn once of a model that was cast to bfloat16 where that is emulated: whatever the precision, it computes in it.

    One that was saved in bfloat16 is loaded in float32.
    """
    if weights == torch.bfloat16 and not computes_bfloat16_natively(device):
        _warn_of_emulation(device, "the model was cast to bfloat16, which", "cast it back with .float()")


@functools.cache
def _warn_of_emulation(
    device: torch.device, what: str = "precision=bfloat16", remedy: str = "use precision=auto"
) -> None:
    """Log how much slower bfloat16 is than float32, as measured on the spot; once for each device and remedy."""
    slowdown = _time_product(torch.bfloat16, device) / _time_product(torch.float32, device)
    if slowdown >= _MIN_SLOWDOWN:
        logger.warning(
            "%s is emulated on this %s: a matrix product takes %.0f times as long as in float32; %s",
            what,
            device.type,
            slowdown,
            remedy,
        )


def _time_product(dtype: torch.dtype, device: torch.device) -> float:
    """Return the seconds that a small matrix product takes, the best of a few."""
    factor = torch.ones(_PROBE_SIZE, _PROBE_SIZE, dtype=dtype, device=device)
    elapsed_s = []
    for _ in range(3):
        started = time.perf_counter()
        (factor @ factor)[0, 0].item()  # waits for the device
        elapsed_s.append(time.perf_counter() - started)
    return min(elapsed_s)


def name_dtype(dtype: torch.dtype) -> str:
    """Return the short name of a dtype: `float32` for `torch.float32`."""
    return str(dtype).removeprefix("torch.")


def autocast_to(dtype: torch.dtype, device: torch.device) -> contextlib.AbstractContextManager[object]:
    """Return a context that computes matrix products and the LSTM in `dtype`.

    With float32, it changes nothing.
    """
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=dtype == torch.bfloat16)


def flush_denormals() -> None:
    """Treat numbers too small for a normal float32 as zero, in this process.

    Gradients that fade over hundreds of time steps become so small, and then the CPU computes with them up to a hundred
    times more slowly. Call this before PyTorch's first computation: a thread inherits the setting when it starts, so
    worker threads that run already never get it.
    """
    torch.set_flush_denormal(True)


def flushes_denormals() -> bool:
    """Return whether this thread treats numbers too small for a normal float32 as zero."""
    return (torch.full((1,), 1e-40) * 1).item() == 0


@contextlib.contextmanager
def denormals_flushed() -> Iterator[None]:
    """Call `flush_denormals` for a block, and restore the setting: a program goes on after training."""
    flushed = flushes_denormals()
    flush_denormals()
    try:
        yield
    finally:
        torch.set_flush_denormal(flushed)


def limit_kernel_cache() -> None:
    """Limit the number of compiled kernels that oneDNN keeps, in this process.

    It compiles one for each shape, and blocks of texts have ever new shapes. With its default of 1,024, the kernels
    take about 180 MB over 200,000 reviews. They hardly come again, so that to keep fewer costs no time. Call this
    before PyTorch's first computation, since oneDNN reads the setting once. A value that the user has set stays: a
    program may have other models, with more shapes that do come again.

    Reference: https://uxlfoundation.github.io/oneDNN/dev_guide_primitive_cache.html
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(MAX_CACHED_KERNELS))
