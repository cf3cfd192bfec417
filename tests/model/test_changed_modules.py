"""Models whose modules somebody has quantized, pruned, wrapped, cast or put into training mode."""

import copy
import threading
import warnings

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize, prune

from hf_lstm.errors import InputError
from hf_lstm.runtime import devices

TEXTS = ["a great film", "the worst waste of time of the year"]
MODULES = ("embedding", "lstm", "classifier")
WEIGHTS = {"embedding": "weight", "lstm": "weight_ih_l0", "classifier": "weight"}


class Doubled(nn.Module):
    """Stands for an adapter: what it gives is not what its weight says."""

    def __init__(self, base):
        super().__init__()
        self.base, self.weight = base, getattr(base, "weight", None)

    def forward(self, *args):
        outputs = self.base(*args)
        return outputs * 2 if torch.is_tensor(outputs) else tuple(each * 2 for each in outputs)


class Identity(nn.Module):
    def forward(self, weight):
        return weight


@pytest.mark.parametrize("name", ["embedding", "classifier"])
def test_an_adapter_around_a_module_counts(tiny_model, name):
    doubled = copy.deepcopy(tiny_model)
    with torch.no_grad():
        for parameter in getattr(doubled, name).parameters():
            parameter.mul_(2)
    setattr(tiny_model, name, Doubled(getattr(tiny_model, name)))
    torch.testing.assert_close(tiny_model.predict_proba(TEXTS), doubled.predict_proba(TEXTS))
    ours, theirs = ([word["contribution"] for word in model.explain(TEXTS[0])] for model in (tiny_model, doubled))
    assert ours == pytest.approx(theirs, abs=1e-6)


def test_a_wrapped_lstm_answers_and_is_not_explained(tiny_model):
    before = tiny_model.predict_proba(TEXTS)
    tiny_model.lstm = Doubled(tiny_model.lstm)
    assert not torch.allclose(tiny_model.predict_proba(TEXTS), before, atol=1e-4)
    with pytest.raises(InputError, match="not Doubled in its place"):
        tiny_model.explain(TEXTS[0])


@pytest.mark.parametrize("name", MODULES)
def test_pruned_and_parametrized_weights_are_read_as_they_are_now(tiny_model, name):
    before = tiny_model.predict_proba(TEXTS)
    parametrize.register_parametrization(getattr(tiny_model, name), WEIGHTS[name], Identity())
    torch.testing.assert_close(tiny_model.predict_proba(TEXTS), before)
    parametrize.remove_parametrizations(getattr(tiny_model, name), WEIGHTS[name])
    prune.l1_unstructured(getattr(tiny_model, name), WEIGHTS[name], amount=0.0)
    torch.testing.assert_close(tiny_model.predict_proba(TEXTS), before)
    with torch.no_grad():
        getattr(getattr(tiny_model, name), WEIGHTS[name] + "_orig").mul_(3)  # as a step of training changes it
    assert not torch.allclose(tiny_model.predict_proba(TEXTS), before, atol=1e-4)


def test_a_quantized_model_predicts_and_says_that_it_is_not_explained(tiny_model):
    before = tiny_model.predict_proba(TEXTS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            quantized = torch.ao.quantization.quantize_dynamic(tiny_model, {nn.LSTM, nn.Linear}, dtype=torch.qint8)
        except (AttributeError, RuntimeError) as error:
            pytest.skip(f"no quantization here: {error}")
    torch.testing.assert_close(quantized.predict_proba(TEXTS), before, rtol=0, atol=0.01)
    with pytest.raises(InputError, match="unquantized"):
        quantized.explain(TEXTS[0])


@pytest.mark.parametrize("cast", ["half", "bfloat16", "double"])
def test_a_model_in_another_number_format_answers(tiny_model, cast):
    before = tiny_model.predict_proba(TEXTS)
    torch.testing.assert_close(getattr(tiny_model, cast)().predict_proba(TEXTS), before, rtol=0, atol=0.01)


@pytest.mark.parametrize(("cast", "num_warnings"), [("bfloat16", 1), ("half", 0), ("float", 0)])
def test_a_model_cast_to_what_is_emulated_is_warned_of_once(tiny_model, monkeypatch, caplog, cast, num_warnings):
    monkeypatch.setattr(devices, "computes_bfloat16_natively", lambda device: False)
    monkeypatch.setattr(devices, "_time_product", lambda dtype, device: 3.0 if dtype == torch.bfloat16 else 0.02)
    devices._warn_of_emulation.cache_clear()
    try:
        getattr(tiny_model, cast)()
        for compute in (tiny_model.predict_proba, tiny_model.predict, tiny_model.embed):
            compute(TEXTS)
    finally:
        devices._warn_of_emulation.cache_clear()
    assert len(caplog.records) == num_warnings
    assert all("150 times as long as in float32; cast it back with .float()" in each.message for each in caplog.records)


def test_a_model_without_values_is_one_line(tiny_model):
    with pytest.raises(InputError, match="device meta"):
        tiny_model.to("meta").predict(TEXTS)


def test_threads_share_a_model_in_training_mode(tiny_model):
    right = tiny_model.predict_proba(TEXTS)
    tiny_model.embedding_dropout.p = 0.9
    tiny_model.train()
    wrong, ends = [], threading.Event()

    def serve():
        for _ in range(20):
            if not torch.equal(tiny_model.predict_proba(TEXTS), right):
                wrong.append("answer")

    def train():
        while not ends.is_set():
            if not all(module.training for module in tiny_model.modules()):
                wrong.append("mode")
            tiny_model(torch.tensor([[2, 3]]), torch.tensor([2])).sum().backward()

    trainer, servers = threading.Thread(target=train), [threading.Thread(target=serve) for _ in range(8)]
    for thread in (trainer, *servers):
        thread.start()
    for thread in servers:
        thread.join()
    ends.set()
    trainer.join()
    assert wrong == []
    assert all(module.training for module in tiny_model.modules())


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("change", ["quantize", "wrap", "prune"])
def test_changed_weights_are_not_saved(tiny_model, tmp_path, change):
    if change == "quantize":
        model = torch.ao.quantization.quantize_dynamic(tiny_model, {nn.Linear}, dtype=torch.qint8)
    else:
        model = tiny_model
        if change == "wrap":
            model.classifier = Doubled(model.classifier)
        else:
            prune.l1_unstructured(model.classifier, "weight", amount=0.5)
    with pytest.raises(InputError, match=r"classifier\..* as in models that are quantized, wrapped or pruned"):
        model.save_pretrained(tmp_path / "saved")
    assert not (tmp_path / "saved" / "model.safetensors").exists()
