"""Measures the machine's peak in matrix products.

All shares of peak refer to it.
"""

import time

from benchmarking.harness.spec import Answers, Contender

# Which size is best depends on caches and cores: small ones stay in the cache, large ones feed more cores.
SIZES = {"float32": (1024, 1536, 2048, 3072), "bfloat16": (1024, 2048, 3072, 4096)}
_PRODUCTS_PER_SIZE = 2


def measure_peak() -> Answers:
    """Yield the GFLOP/s of the best square matrix product, by dtype; emulated ones are left out."""
    import torch

    from hf_lstm.runtime.devices import computes_bfloat16_natively

    is_native = computes_bfloat16_natively(torch.device("cpu"))
    used_sizes = {dtype: sizes for dtype, sizes in SIZES.items() if is_native or dtype != "bfloat16"}
    factors = {
        dtype: [torch.randn(2, size, size).to(getattr(torch, dtype)) for size in sizes]
        for dtype, sizes in used_sizes.items()
    }
    for pairs in factors.values():
        for left, right in pairs:
            torch.mm(left, right)
    yield {"sizes": {dtype: list(sizes) for dtype, sizes in used_sizes.items()}, "num_threads": torch.get_num_threads()}
    while True:
        peaks = {}
        for dtype, pairs in factors.items():
            gflop_per_s = []
            for left, right in pairs * _PRODUCTS_PER_SIZE:
                started = time.perf_counter()
                torch.mm(left, right)
                gflop_per_s.append(2 * len(left) ** 3 / (time.perf_counter() - started) / 1e9)
            peaks[f"{dtype}_gflop_per_s"] = max(gflop_per_s)
        yield peaks


PEAK = Contender(name="matrix-product peak", start=measure_peak)
