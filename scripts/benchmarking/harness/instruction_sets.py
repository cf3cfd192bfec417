"""Has libraries compute with no more than an instruction set, as on a processor that lacks the others."""

import argparse

INSTRUCTION_SETS = (
    "SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2", "AVX512_CORE", "AVX512_CORE_VNNI", "AVX512_CORE_BF16",
    "AVX512_CORE_FP16", "AVX512_CORE_AMX", "AVX512_CORE_AMX_FP16",
)  # fmt: skip
"""What oneDNN's documentation of `ONEDNN_MAX_CPU_ISA` names, in its order. It takes any other word for no limit."""
OTHER_LIMITS = ("ATEN_CPU_CAPABILITY", "MKL_ENABLE_INSTRUCTIONS", "OPENBLAS_CORETYPE")
"""What limits PyTorch's own loops, and the products of MKL and of NumPy's OpenBLAS."""
_VALUES = {
    "SSE41": ("default", "SSE4_2", "Nehalem"),
    "AVX": ("default", "AVX", "Sandybridge"),
    "AVX2": ("avx2", "AVX2", "Haswell"),
}
"""Theirs, by the family of the instruction set; AVX-512 and what came later have none."""


def add_limit_argument(parser: argparse.ArgumentParser, help_text: str) -> None:
    """Add `--max-isa`, for `list_limits`."""
    parser.add_argument("--max-isa", metavar="NAME", type=str.upper, choices=INSTRUCTION_SETS, help=help_text)


def list_limits(instruction_set: str) -> dict[str, str]:
    """Return the environment variables that limit libraries to one of `INSTRUCTION_SETS`.

    They are read when a process first computes. oneDNN, PyTorch, MKL and OpenBLAS heed them; ONNX Runtime, TensorFlow
    and tokenizers know no such limit.
    """
    family = instruction_set.split("_")[0]
    return {"ONEDNN_MAX_CPU_ISA": instruction_set, **dict(zip(OTHER_LIMITS, _VALUES.get(family, ()), strict=False))}
