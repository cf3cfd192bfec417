import dataclasses

import pytest
import torch

from hf_lstm.config import ModelSettings
from hf_lstm.errors import InputError
from hf_lstm.runtime import devices

CPU = torch.device("cpu")


NARROW = ModelSettings(hidden_size=8).resolve(vocab_size=9, label_names="np")


@pytest.mark.parametrize(("pooling", "hidden_size", "is_native", "dtype"), [
    ("last", 128, True, torch.bfloat16), ("last", 127, True, torch.float32), ("mean_max", 24, True, torch.bfloat16),
    ("mean_max", 23, True, torch.float32), ("max", 1024, False, torch.float32),
])  # fmt: skip
def test_auto_is_bfloat16_where_it_is_native_and_the_model_wide(monkeypatch, pooling, hidden_size, is_native, dtype):
    monkeypatch.setattr(devices, "computes_bfloat16_natively", lambda device: is_native)
    model = dataclasses.replace(NARROW, pooling=pooling, hidden_size=hidden_size)
    assert devices.resolve_precision("auto", CPU, model=model) == dtype
    assert (devices.resolve_precision("auto", CPU, model=None) == torch.bfloat16) is is_native


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_precision_that_is_asked_for_is_used(precision):
    assert devices.resolve_precision(precision, CPU, model=NARROW) == getattr(torch, precision)


def test_unknown_names_are_refused():
    with pytest.raises(InputError, match="float8"):
        devices.resolve_precision("float8", CPU, model=NARROW)
    with pytest.raises(InputError, match="tpu9"):
        devices.resolve_device("tpu9")


@pytest.mark.parametrize("limit", ["AVX2", "avx512_core"])
def test_what_onednn_may_not_use_is_not_native(monkeypatch, limit):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    monkeypatch.delenv("DNNL_MAX_CPU_ISA", raising=False)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_BF16")
    assert devices.computes_bfloat16_natively(CPU)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", limit)
    assert not devices.computes_bfloat16_natively(CPU)


@pytest.mark.parametrize(("has", "is_native"), [
    ({"avx2", "avx512", "avx512_bf16"}, True), ({"avx2", "avx512"}, False), (set(), False),
])  # fmt: skip
def test_a_pytorch_that_lists_no_capabilities_is_asked_for_each(monkeypatch, has, is_native):
    for name in ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    for name in ("avx2", "avx512", "avx512_bf16", "amx_tile"):
        monkeypatch.setattr(torch.cpu, f"_is_{name}_supported", lambda name=name: name in has)
    assert devices.computes_bfloat16_natively(CPU) is is_native
    assert devices.read_cpu_capabilities()["avx2"] is ("avx2" in has)


def test_bfloat16_that_is_emulated_is_warned_of_once_with_its_slowdown(monkeypatch, caplog):
    monkeypatch.setattr(devices, "computes_bfloat16_natively", lambda device: False)
    monkeypatch.setattr(devices, "_time_product", lambda dtype, device: 3.0 if dtype == torch.bfloat16 else 0.02)
    devices._warn_of_emulation.cache_clear()
    try:
        for precision in ("float32", "auto", "bfloat16", "bfloat16"):
            devices.resolve_precision(precision, CPU, model=NARROW)
    finally:
        devices._warn_of_emulation.cache_clear()
    (record,) = caplog.records
    assert "150 times as long as in float32; use precision=auto" in record.message


def test_timing_a_product_takes_some_time():
    assert devices._time_product(torch.float32, CPU) > 0
