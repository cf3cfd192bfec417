"""`scripts/deploy_space.py` against the local Hub: what arrives, what stays, and that what arrives serves."""

import importlib.util
import logging
import os
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest
from huggingface_hub import RepoCard
from local_hub import WRITE_TOKEN, Fault
from local_hub_repos import Blob

from hf_lstm import InputError
from hf_lstm.hub import session as hub_session
from hf_lstm.hub.spaces.demo import list_space_files

ROOT = Path(__file__).resolve().parents[2]
SPACE, MODEL = "me/demo", "me/imdb-lstm"


@pytest.fixture
def deploy(hub, tiny_model_folder, monkeypatch, capsys):
    """Run the script's main, and return what it prints; a model is on the Hub."""
    hub.add_repo(MODEL, folder=tiny_model_folder)
    monkeypatch.setenv("HF_TOKEN", WRITE_TOKEN)
    spec = importlib.util.spec_from_file_location("deploy_space", ROOT / "scripts" / "deploy_space.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)

    def run_main(*arguments):
        script.main(["--repo-id", SPACE, *arguments])
        return capsys.readouterr().out

    return run_main


def read_space(hub):
    return hub.files(SPACE, repo_type="space")


def test_a_space_is_made_updated_and_left_to_its_owner(deploy, hub):
    hub.commit(MODEL, {"results.json": b'{"dataset": {"source": "sample"}}'})
    assert deploy("--hardware", "cpu-upgrade") == f"deployed: {hub.endpoint}/spaces/{SPACE}, which serves {MODEL}\n"
    repo, files = hub.repos["space", SPACE], read_space(hub)
    assert len(repo.commits) == 2  # the Hub's own first one, and ours
    assert (repo.variables, repo.hardware) == ({"MODEL_ID": MODEL}, "cpu-upgrade")
    for name in ("app.py", "requirements.txt"):
        assert files[name] == (ROOT / "space" / name).read_bytes()
    for path in (ROOT / "hf_lstm").rglob("*.py"):
        assert files[path.relative_to(ROOT).as_posix()] == path.read_bytes()
    unwanted = ("test", ".pyc", ".parquet", ".git", ".env", "scripts/", "cache/")
    assert not [
        name for name in files if any(part in name.replace("hf_lstm/sources/cache.py", "") for part in unwanted)
    ]
    fields = RepoCard(files["README.md"].decode()).data.to_dict()
    assert fields["models"] == fields["preload_from_hub"] == [MODEL]
    assert (fields["sdk"], fields["app_file"]) == ("gradio", "app.py")
    page = files["README.md"].decode()
    assert f"(https://huggingface.co/{MODEL})" in page
    assert f'Client("{SPACE}")' in page
    assert "https://me-demo.hf.space/gradio_api" in page

    edited = files["README.md"].decode().replace("emoji: 🎬", "emoji: 🦉").replace("# Did they", "# My demo: did they")
    repo.commit({"README.md": Blob(edited.encode()), "mine.txt": Blob(b"kept"), "hf_lstm/old.py": Blob(b"stale")})
    repo.variables["THEIRS"] = "kept"
    hub.add_repo("me/other", files={"config.json": b"{}"})
    deploy("--model-id", "me/other")
    files = read_space(hub)
    assert files["mine.txt"] == b"kept"
    assert "hf_lstm/old.py" not in files
    fields = RepoCard(files["README.md"].decode()).data.to_dict()
    assert (fields["emoji"], fields["models"]) == ("🦉", ["me/other"])
    assert b"# My demo" in files["README.md"]
    assert repo.variables == {"MODEL_ID": "me/other", "THEIRS": "kept"}
    assert repo.hardware == "cpu-upgrade"


@pytest.mark.parametrize(
    ("files", "is_of_films"),
    [
        ({}, False), ({"recipe.json": b'{"data": {"dataset": "stanfordnlp/imdb"}}'}, True),
        ({"results.json": b'{"dataset": {"source": "tickets.csv"}}'}, False), ({"results.json": b"damaged"}, False),
    ],
)  # fmt: skip
def test_the_page_speaks_of_films_if_the_model_was_trained_on_reviews_of_them(deploy, hub, files, is_of_films):
    hub.commit(MODEL, {"other.txt": b"", **files})
    deploy()
    assert ("film" in read_space(hub)["README.md"].decode()) == is_of_films


def test_deploying_again_says_that_nothing_changed(deploy, hub, monkeypatch, caplog):
    monkeypatch.setattr(logging.getLogger("huggingface_hub"), "propagate", True)
    deploy()
    hub.requests.clear()
    assert deploy() == f"nothing changed: {hub.endpoint}/spaces/{SPACE}, which serves {MODEL}\n"
    assert caplog.messages == []
    assert hub.count("preupload", "commit") == 0
    assert deploy("--hardware", "cpu-upgrade").startswith("deployed: ")
    hub.add_repo("me/other", files={"config.json": b"{}"})
    assert deploy("--model-id", "me/other").startswith("deployed: ")


@pytest.mark.parametrize("kind", ["drop", "lose_response"])
@pytest.mark.parametrize("endpoint", ["variables", "commit"])
def test_a_deployment_whose_answer_was_lost_is_news(deploy, hub, monkeypatch, endpoint, kind):
    monkeypatch.setattr(hub_session, "FIRST_DELAY_S", 0.01)
    hub.inject(endpoint, Fault(kind))
    assert deploy().startswith("deployed: ")


@pytest.mark.parametrize("is_refused", [False, True])
def test_what_is_left_to_do_is_said_of_a_deployment_and_not_beside_an_error(deploy, hub, caplog, is_refused):
    deploy()
    edited = read_space(hub)["README.md"].replace("🔤".encode(), "🦉".encode())
    hub.commit(SPACE, {"README.md": edited, "app.py": b"old"}, repo_type="space")
    hub.repos["model", MODEL].is_private = True
    if is_refused:
        hub.inject("commit", Fault("status", status=403, message="no luck"))
        with pytest.raises(InputError, match="no luck"):
            deploy()
        assert caplog.messages == []
    else:
        assert deploy().startswith("deployed: ")
        assert [message.partition(":")[0] for message in caplog.messages] == [
            "README.md of the Space was edited",
            f"model {MODEL} is not public",
        ]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (402, "needs a paid plan, says the Hub (no luck)"),
        (401, "needs a valid token"),
        (403, "does not permit this to your token (no luck)"),
    ],
)
def test_a_refusal_is_one_line(deploy, hub, caplog, status, expected):
    hub.repos["model", MODEL].is_private = True
    hub.inject("create", Fault("status", status=status, message="no luck"), forever=True)
    with pytest.raises(InputError) as caught:
        deploy()
    line = str(caught.value)
    assert line.startswith(f"Space '{SPACE}' {expected}")
    assert line.endswith("serves the demo on this machine")
    assert "\n" not in line
    assert caplog.messages == []


def test_a_model_that_is_not_there_is_no_space(deploy, hub):
    with pytest.raises(InputError, match=r"^model 'me/no-such-model', which the Space is to serve, is not on the Hub"):
        deploy("--model-id", "me/no-such-model")
    assert ("space", SPACE) not in hub.repos


SERVE = """
import os, runpy, sys
has_package = lambda path: "-packages" not in path and os.path.isdir(os.path.join(path, "hf_lstm"))
sys.path = [os.getcwd()] + [path for path in sys.path if not has_package(path)]
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
sys.path.append(os.environ["SUPPORT"])
from hidden_libraries import hide_libraries
hide_libraries("datasets pyarrow evaluate transformers matplotlib sklearn onnx".split())  # what a Space lacks
import hf_lstm.demo
print(hf_lstm.__file__, flush=True)
sys.argv = ["app.py"]
runpy.run_path("app.py", run_name="__main__")
"""


def test_what_was_uploaded_serves_without_an_installed_package(deploy, hub, tmp_path):
    deploy()
    folder = tmp_path / "space"
    for name, content in read_space(hub).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {**hub.repos["space", SPACE].variables, "SUPPORT": str(ROOT / "tests" / "support")}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    watchdog = threading.Timer(600, process.kill)  # the machine may be busy
    watchdog.start()
    try:
        assert Path(process.stdout.readline().strip()) == folder / "hf_lstm" / "__init__.py"
        line = process.stdout.readline()
        assert line.startswith(f"serving {MODEL} at http")
        with urllib.request.urlopen(line.split()[-1], timeout=600) as page:
            assert page.status == 200
    finally:
        watchdog.cancel()
        process.terminate()
        process.wait(timeout=600)


def test_notes_and_data_beside_the_code_stay_here(tmp_path):
    (tmp_path / "hf_lstm" / "resources").mkdir(parents=True)
    for name in ("run.py", "notes.txt", "rows.json", ".env", "resources/words.txt", "resources/.hidden.txt"):
        (tmp_path / "hf_lstm" / name).touch()
    files = list_space_files(ROOT / "space", tmp_path / "hf_lstm")
    assert {name for name in files if "/" in name} == {"hf_lstm/run.py", "hf_lstm/resources/words.txt"}


def test_a_static_space_has_the_page_and_keeps_an_edited_readme(deploy, hub):
    assert deploy("--static") == f"deployed: {hub.endpoint}/spaces/{SPACE}, which serves {MODEL}\n"
    files = read_space(hub)
    assert {"index.html", "weights.js", "tokenizer.js", "lstm.js", "explanation.js"} <= set(files)
    fields = RepoCard(files["README.md"].decode()).data.to_dict()
    assert (fields["sdk"], fields["app_file"], fields["models"]) == ("static", "index.html", [MODEL])
    assert deploy("--static").startswith("nothing changed")
    hub.commit(SPACE, {"README.md": b"---\nsdk: static\n---\nmine"}, repo_type="space")
    deploy("--static")
    assert read_space(hub)["README.md"].endswith(b"mine")


def test_a_static_space_has_no_hardware(deploy):
    with pytest.raises(InputError, match="expected one of both"):
        deploy("--static", "--hardware", "cpu-basic")
