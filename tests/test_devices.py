import pytest
import torch

from hf_lstm import devices
from hf_lstm.errors import InputError

CPU = torch.device("cpu")


@pytest.mark.parametrize(("hidden_size", "is_native", "dtype"), [
    (128, True, torch.bfloat16), (127, True, torch.float32), (None, True, torch.bfloat16), (1024, False, torch.float32),
])  # fmt: skip
def test_auto_is_bfloat16_where_it_is_native_and_the_model_wide(monkeypatch, hidden_size, is_native, dtype):
    monkeypatch.setattr(devices, "computes_bfloat16_natively", lambda device: is_native)
    assert devices.resolve_precision("auto", CPU, hidden_size=hidden_size) == dtype


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_precision_that_is_asked_for_is_used(precision):
    assert devices.resolve_precision(precision, CPU, hidden_size=8) == getattr(torch, precision)


def test_unknown_names_are_refused():
    with pytest.raises(InputError, match="float8"):
        devices.resolve_precision("float8", CPU, hidden_size=8)
    with pytest.raises(InputError, match="tpu9"):
        devices.resolve_device("tpu9")
