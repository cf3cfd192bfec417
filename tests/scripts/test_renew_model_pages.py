"""The shipped model's pages are what today's code makes of its figures."""

import importlib.util
import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from hf_lstm.errors import InputError
from hf_lstm.files.names import PLOT_FILES

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = [ROOT / "space" / "model", ROOT / "space" / "tiny_model"]


@pytest.fixture(scope="module")
def script():
    path = ROOT / "scripts" / "renew_model_pages.py"
    spec = importlib.util.spec_from_file_location("renew_model_pages", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda folder: folder.name)
def test_a_shipped_card_and_report_come_from_todays_code(script, shipped, tmp_path):
    """If this fails: `python scripts/renew_model_pages.py FOLDER`. Plots are compared by what they draw."""
    shutil.copytree(shipped, tmp_path / "model")
    script.main([str(tmp_path / "model")])
    renewed = {path.relative_to(tmp_path / "model"): path for path in (tmp_path / "model").rglob("*") if path.is_file()}
    assert set(renewed) == {path.relative_to(shipped) for path in shipped.rglob("*") if path.is_file()}
    for name, path in renewed.items():
        if path.suffix == ".png":
            assert path.name in PLOT_FILES
            assert Image.open(path).text["Description"] == Image.open(shipped / name).text["Description"], name
        else:
            assert path.read_bytes() == (shipped / name).read_bytes(), name


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda folder: folder.name)
def test_a_shipped_model_names_its_data_by_their_id(script, shipped):
    from hf_lstm import LSTMSentiment

    model = LSTMSentiment.from_pretrained(shipped)
    assert model.training_data.dataset == model.results.dataset.source == "stanfordnlp/imdb"
    assert "../" not in model.results.command
    assert not (shipped / "local.json").exists()


def test_what_is_no_run_is_one_line(script, tiny_model_folder):
    with pytest.raises(InputError, match="expected the folder of a run"):
        script.main([str(tiny_model_folder)])


@pytest.mark.parametrize("text", [None, "one line\u2028another\u0085and\x0cmore"])
def test_mistakes_are_read_whatever_ends_of_lines_they_hold(script, tmp_path, text):
    shutil.copytree(SHIPPED[0] / "report", tmp_path / "report")
    errors = tmp_path / "report" / "errors.jsonl"
    mistake = json.loads(errors.open(encoding="utf-8").readline()) | {"text": text}
    errors.write_text("" if text is None else json.dumps(mistake, ensure_ascii=False) + "\n", encoding="utf-8")
    _, analysis = script.read_report(tmp_path / "report", "imdb")
    found = [each.text for pair in analysis.mistakes for each in pair.most_confident]
    assert found == ([] if text is None else [text])


def test_only_a_shipped_card_says_that_short_texts_were_measured(script, tmp_path):
    """Another model of the same recipe was not measured on them."""
    shutil.copytree(SHIPPED[1], tmp_path / "model")
    script.main([str(tmp_path / "model")])
    assert "#short-texts)" in (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert not script.is_shipped("ab" * 32)
