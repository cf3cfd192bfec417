"""The page of a published Space: its names, its front matter, and that its examples work on the app as it is served."""

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from hf_lstm.hub.spaces.page import EXAMPLE_HOST, EXAMPLE_SPACE, FILM_PHRASES, render_readme

REPO_ROOT = Path(__file__).resolve().parents[3]
PAGE = (REPO_ROOT / "space" / "README.md").read_text(encoding="utf-8")
NAMES = {
    "model_id": "org/imdb-lstm-demo-2",
    "space_id": "ada/page",
    "host": "https://ada-page.hf.space",
    "is_of_films": True,
}


def test_names_are_put_in_once_each():
    """Although the model's name holds the example Space's, and that the example model's."""
    page = render_readme(PAGE, None, **NAMES)
    assert set(re.findall(r"org[/-][\w.-]+", page)) == {"org/imdb-lstm-demo-2"}
    assert page.count("org/imdb-lstm-demo-2") == len(re.findall(r"org/imdb-lstm\b(?!-)", PAGE))
    assert page.count("ada/page") == PAGE.count("org/imdb-lstm-demo")
    assert page.count(NAMES["host"]) == PAGE.count(EXAMPLE_HOST)


def test_rendering_again_changes_nothing():
    page = render_readme(PAGE, None, **NAMES)
    assert render_readme(PAGE, page, **NAMES) == page


def test_the_page_of_another_model_speaks_of_texts_and_not_of_films():
    assert [phrase for phrase in FILM_PHRASES if phrase not in PAGE] == []
    options = {**NAMES, "model_id": "ada/shop-complaints", "is_of_films": False}
    page = render_readme(PAGE, None, **options)
    assert re.findall(r"film|movie|review|imdb|liked", page, flags=re.IGNORECASE) == []
    fields = yaml.safe_load(page.split("---\n", 2)[1])
    assert (fields["title"], fields["models"]) == ("shop-complaints", ["ada/shop-complaints"])
    assert len(fields["short_description"]) <= 60  # as the Hub asks
    assert "thumbnail" not in fields, "the picture shows a film review"
    assert 'lines = "A text to classify.\\nAnother text."' in page
    (example,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    compile(example, "README.md", "exec")
    assert render_readme(PAGE, page, **options) == page


def test_front_matter_has_versions_that_the_package_takes():
    fields = yaml.safe_load(PAGE.split("---\n", 2)[1])
    pyproject = (REPO_ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (gradio,) = re.findall(r'demo = \["gradio(\S+)"', pyproject)
    (python,) = re.findall(r'requires-python = "(.+)"', pyproject)
    assert fields["sdk_version"] in SpecifierSet(gradio)
    assert fields["python_version"] in SpecifierSet(python)
    assert f'"gradio{gradio}"' in PAGE
    assert set(fields) == {
        "title", "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "python_version", "app_file", "models",
        "license", "short_description", "thumbnail", "preload_from_hub",
    }  # fmt: skip


def read_example(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)[1]


@pytest.fixture(scope="module")
def address():
    """Where `python space/app.py` serves the model of this repository, with a Hub that can't be reached."""
    environment = {**os.environ, "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "1"}
    environment.pop("MODEL_ID", None)
    with subprocess.Popen(
        [sys.executable, "space/app.py"], cwd=REPO_ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield re.fullmatch(r"serving space/model at (\S+)/\n", process.stdout.readline())[1]
        finally:
            process.terminate()
            process.wait(600)


def test_the_python_example_runs(address, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("reviews.csv").write_text('review,stars\n"A wonderful, warm film.",9\nA waste of two hours.,1\nDull.,2\n')
    names, printed = {}, io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(read_example("python").replace(EXAMPLE_SPACE, address), names)
    assert {each["label"] for each in names["answer"]["confidences"]} == {"neg", "pos"}
    assert sum(each["confidence"] for each in names["answer"]["confidences"]) == pytest.approx(1)
    assert [word["word"] for word in names["explanation"]["words"]] == re.findall(r"\w+|[,.]", names["review"])
    rows = names["table"]["data"]
    assert [(text, label) for text, label, _ in rows] == [
        ("A wonderful, warm film.", "pos"), ("A waste of two hours.", "neg"), ("Dull.", "neg"),
    ]  # fmt: skip
    assert {each["label"]: each["confidence"] for each in names["shares"]["confidences"]} == pytest.approx(
        {"pos": 1 / 3, "neg": 2 / 3}
    )
    assert re.search(r'^"A wonderful film.","pos",(?:[\d.]+,)+[\d.]+$', printed.getvalue(), flags=re.MULTILINE)


def test_the_shell_example_runs(address):
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    script = read_example("bash").replace(EXAMPLE_HOST, address)
    answer = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=600, check=True).stdout
    assert re.match(r'event: complete\ndata: \[\{"label": "pos", "confidences": \[', answer)
