"""Where and in what number format to compute: picking the device, and bfloat16 where it is native."""

import contextlib
import os

import torch

from hf_lstm.errors import InputError

MIN_BFLOAT16_UNITS = 128
MAX_CACHED_KERNELS = 64


def resolve_device(name: str) -> torch.device:
    """Return the device called `name`; `auto` is the accelerator that PyTorch finds, else the CPU.

    Raises:
        InputError: the name is unknown, or this machine has no such device.
    """
    accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    if name == "auto":
        return accelerator or torch.device("cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"there is no device {name!r}; expected auto, cpu, cuda, xpu or mps") from None
    if device.type != "cpu" and (accelerator is None or accelerator.type != device.type):
        found = f"PyTorch finds {accelerator.type}" if accelerator else "PyTorch finds no accelerator"
        raise InputError(f"device {name!r} is not available here: {found}; use --device auto")
    return device


def computes_bfloat16_natively(device: torch.device) -> bool:
    """Return whether bfloat16 matrix products run in hardware, rather than being emulated more slowly."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu" and hasattr(torch.cpu, "get_capabilities"):
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return False


def resolve_precision(precision: str, device: torch.device, *, hidden_size: int | None) -> torch.dtype:
    """Return the dtype to compute with.

    `auto` is bfloat16 where it is native, and for predictions if the LSTM has `MIN_BFLOAT16_UNITS`: of fewer, the
    rounding of each counts for more (`stopword-lstm`, of 100, gave 0.11 % of reviews another label).

    Args:
        precision: `float32`, `bfloat16` or `auto`.
        device: where.
        hidden_size: of the model that predicts; None to train, where bfloat16 is twice as fast at any size.

    Raises:
        InputError: `precision` is none of the three.
    """
    if precision == "auto":
        is_wide = hidden_size is None or hidden_size >= MIN_BFLOAT16_UNITS
        return torch.bfloat16 if is_wide and computes_bfloat16_natively(device) else torch.float32
    if precision not in ("float32", "bfloat16"):
        raise InputError(f"precision is {precision!r}, but must be one of auto, float32, bfloat16")
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


def name_dtype(dtype: torch.dtype) -> str:
    """Return `float32` for `torch.float32`."""
    return str(dtype).removeprefix("torch.")


def autocast_to(dtype: torch.dtype, device: torch.device) -> contextlib.AbstractContextManager[object]:
    """Return a context in which matrix products and the LSTM run in `dtype`; float32 changes nothing."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=dtype == torch.bfloat16)


def flush_denormals() -> None:
    """Let numbers too small for a normal float32 count as zero from here on, in this process.

    Gradients that fade over hundreds of time steps end there, and the CPU computes with them up to a hundred times more
    slowly. The setting belongs to a thread and is inherited when one starts: call this before PyTorch's first
    computation, or its worker threads are already without it.
    """
    torch.set_flush_denormal(True)


def limit_kernel_cache() -> None:
    """Let oneDNN keep few of the kernels that it compiles, from here on, in this process.

    It compiles one for each shape, and blocks of texts have ever new ones; with its default of 1,024, they take about
    180 MB over 200,000 reviews. It reads the setting once: call this before PyTorch's first computation, and only in a
    program of our own, as other models may live on the cache. What the user has set stands.

    Reference: https://uxlfoundation.github.io/oneDNN/dev_guide_primitive_cache.html
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(MAX_CACHED_KERNELS))
