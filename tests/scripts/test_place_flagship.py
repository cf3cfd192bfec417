import pytest
from place_flagship import place_model

from hf_lstm import InputError, LSTMSentiment


@pytest.fixture
def run(tiny_model_folder):
    for name in ("results.json", "local.json", "metrics.jsonl"):
        (tiny_model_folder / name).write_text("{}")
    return tiny_model_folder


def test_a_model_takes_the_place_of_another_without_what_is_of_this_machine(run, tmp_path):
    target = tmp_path / "shipped"
    target.mkdir()
    (target / "old.txt").write_text("old")
    (run / "results.json").unlink()
    with pytest.raises(InputError, match=r"has no results\.json"):
        place_model(run, target, 10)
    (run / "results.json").write_text("{}")
    with pytest.raises(InputError, match=r"expected 1e-06 or less; train it with --set model\.dtype=bfloat16"):
        place_model(run, target, 1e-6)
    assert [path.name for path in target.iterdir()] == ["old.txt"]
    place_model(run, target, 10)
    names = {path.name for path in target.iterdir()}
    assert names == {path.name for path in run.iterdir()} - {"local.json", "metrics.jsonl"}
    LSTMSentiment.from_pretrained(target)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("shipped.")]
