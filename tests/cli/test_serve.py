"""`hf-lstm serve`: what it serves where, and what it refuses."""

import json
import re
from types import SimpleNamespace

import pytest
from run_records import make_results

import hf_lstm
from hf_lstm.cli import serve
from hf_lstm.errors import InputError

ENVIRONMENT = ("MODEL_ID", "GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def served(monkeypatch):
    """Start no server: what would be served where, once `serve.main` has ended as by Ctrl-C."""
    calls = []

    def launch(demo, **options):
        calls.append(options)
        return "http://here"

    def stop():
        raise KeyboardInterrupt

    monkeypatch.setattr("hf_lstm.demo.app.launch_demo", launch)
    # Its own name alone: other threads of this process wait for events, too.
    monkeypatch.setattr(serve, "threading", SimpleNamespace(Event=lambda: SimpleNamespace(wait=stop)))
    monkeypatch.setattr("torch.set_num_threads", lambda num_threads: None)

    def run_main(*arguments):
        with pytest.raises(KeyboardInterrupt):
            serve.main(arguments)
        return calls[-1]

    return run_main


def test_what_is_said_goes_before_the_environment(served, tiny_model_folder, monkeypatch, capsys):
    monkeypatch.setenv("MODEL_ID", "somebody/elses")
    monkeypatch.setenv("GRADIO_SERVER_PORT", "1234")
    assert served(str(tiny_model_folder), "--host", "0.0.0.0", "--port", "8000") == {
        "server_name": "0.0.0.0",
        "server_port": 8000,
    }
    assert capsys.readouterr().out == f"serving {tiny_model_folder} at http://here\n"


def test_the_environment_holds_where_nothing_is_said(served, tiny_model_folder, monkeypatch, capsys):
    monkeypatch.setenv("MODEL_ID", f" {tiny_model_folder} ")
    monkeypatch.setenv("GRADIO_SERVER_PORT", "1234")
    # The address of the environment is Gradio's to read.
    assert served() == {"server_name": None, "server_port": 1234}
    assert capsys.readouterr().out == f"serving {tiny_model_folder} at http://here\n"


def test_the_package_has_a_model_to_serve():
    assert serve.choose_model("", hf_lstm.FLAGSHIP).endswith("space/model")


def test_without_it_one_is_needed(tmp_path):
    with pytest.raises(
        InputError, match="no model is given, and MODEL_ID is not set; expected a model folder, or a Hub"
    ):
        serve.main([], default_model=tmp_path / "site-packages" / "space" / "model")


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1"])
@pytest.mark.parametrize("name", ["--port", "GRADIO_SERVER_PORT"])
def test_what_is_no_port_is_refused_before_the_model_is_loaded(monkeypatch, name, port):
    arguments = ["no-such-model"]
    if name == "--port":
        arguments.append(f"--port={port}")
    else:
        monkeypatch.setenv(name, port)
    with pytest.raises(InputError, match=re.escape(f"{name} is {port!r}, expected a number from 1 to 65535")):
        serve.main(arguments)


@pytest.mark.parametrize(("source", "options", "is_shown"), [
    ("tickets.csv", [], False), ("tickets.csv", ["--publish-examples"], True), ("stanfordnlp/imdb", [], True),
])  # fmt: skip
def test_mistakes_of_private_data_are_not_shown(served, tiny_model_folder, monkeypatch, source, options, is_shown):
    shown = []
    monkeypatch.setattr("hf_lstm.demo.app.build_demo", lambda model, **arguments: shown.append(arguments) or _NoDemo())
    (tiny_model_folder / "results.json").write_text(json.dumps(make_results(source=source)))
    served(str(tiny_model_folder), *options)
    assert (shown[0]["report_folder"] is not None) == is_shown


class _NoDemo:
    def close(self, verbose):
        pass
