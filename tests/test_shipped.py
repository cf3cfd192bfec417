import pytest

import hf_lstm
from hf_lstm import shipped


@pytest.mark.parametrize("folder", [hf_lstm.FLAGSHIP, hf_lstm.FLAGSHIP_TINY], ids=["flagship", "tiny"])
def test_a_shipped_model_works_at_once(folder):
    model = hf_lstm.LSTMSentiment.from_pretrained(folder)
    assert model.predict("A wonderful film, I loved every minute of it.")["label"] == "pos"
    assert model.predict("A waste of time: dull, stupid and badly acted.")["label"] == "neg"


def test_an_installed_model_comes_before_that_of_a_checkout(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "PLACES", {"flagship": (tmp_path / "installed", tmp_path / "checkout")})
    assert shipped.find_shipped("flagship") == tmp_path / "checkout"
    (tmp_path / "installed").mkdir()
    assert shipped.find_shipped("flagship") == tmp_path / "installed"
