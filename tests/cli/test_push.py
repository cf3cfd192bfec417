"""`hf-lstm push`: what arrives on the Hub, what becomes of the card, and what it refuses."""

import json
import os
import shlex
import shutil
import sys

import pytest
from local_hub import WRITE_TOKEN, Fault
from run_records import make_results

from hf_lstm.cli.main import main
from hf_lstm.errors import InputError


@pytest.fixture
def push(tmp_path, tiny_model_folder, monkeypatch, capsys):
    """Run the command in `tmp_path`, where the tiny model is, and return what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_TOKEN", WRITE_TOKEN)
    monkeypatch.setattr(sys, "argv", ["hf-lstm"])

    def run_main(*arguments):
        main(["push", *arguments])
        return capsys.readouterr().out

    return run_main


def test_the_folder_arrives_and_its_card_names_the_repository(push, hub, tiny_model_folder):
    assert "me/tiny-model-lstm" not in (tiny_model_folder / "README.md").read_text()
    assert (
        push("tiny-model")
        == f"pushed: {hub.endpoint}/me/tiny-model-lstm/commit/{hub.commits('me/tiny-model-lstm')[-1]}\n"
    )
    pushed = hub.files("me/tiny-model-lstm")
    assert pushed == {path.name: path.read_bytes() for path in tiny_model_folder.iterdir()}
    assert 'from_pretrained("me/tiny-model-lstm")' in pushed["README.md"].decode()
    assert hub.repos["model", "me/tiny-model-lstm"].is_private is False


def test_a_card_that_somebody_edited_goes_as_it_is(push, hub, tiny_model_folder):
    (tiny_model_folder / "README.md").write_text("# Mine\n")
    push("tiny-model", "--repo-id", "mine", "--private")
    assert hub.files("me/mine")["README.md"] == b"# Mine\n"
    assert hub.repos["model", "me/mine"].is_private


def test_it_opens_a_pull_request_against_a_branch(push, hub):
    hub.add_repo("me/mine", files={"notes.txt": b"kept"})
    hub.repos["model", "me/mine"].branches["next"] = hub.commits("me/mine")[-1]
    arguments = ["--repo-id", "me/mine", "--revision", "next", "--create-pr", "--commit-message", "Better"]
    assert push("tiny-model", *arguments) == f"pushed: {hub.endpoint}/me/mine/discussions/1\n"
    assert hub.files("me/mine", revision="next") == {"notes.txt": b"kept"}
    assert "model.safetensors" in hub.files("me/mine", revision="refs/pr/1")
    assert hub.repos["model", "me/mine"].pull_requests[0].title == "Better"


def test_a_push_that_fails_gives_the_command_that_pushes_again(push, hub, tiny_model_folder):
    shutil.move(tiny_model_folder, "my model")
    arguments = ["my model", "--repo-id", "mine", "--commit-message", "At last"]
    hub.inject("commit", Fault("status", status=403, message="no luck"))
    with pytest.raises(InputError) as caught:
        push(*arguments)
    again = str(caught.value).partition("; to push again: ")[2]
    assert shlex.split(again) == ["hf-lstm", "push", *arguments]
    push(*shlex.split(again)[2:])
    assert "model.safetensors" in hub.files("me/mine")


@pytest.mark.parametrize(
    ("folder", "expected"),
    [("none", "none: there is no such folder"), (".", "has no config.json"), ("damaged", "is not a safetensors file")],
)
def test_what_is_no_model_is_refused_before_the_hub_is_asked(push, hub, tmp_path, tiny_model_folder, folder, expected):
    shutil.copytree(tiny_model_folder, tmp_path / "damaged")
    (tmp_path / "damaged" / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(InputError, match=expected):
        push(folder)
    assert hub.requests == []


def test_without_a_login_nothing_is_changed(push, hub, tiny_model_folder, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    before = (tiny_model_folder / "README.md").read_bytes()
    with pytest.raises(InputError, match="hf auth login"):
        push("tiny-model")
    assert (tiny_model_folder / "README.md").read_bytes() == before
    assert hub.repos == {}


def test_a_folder_that_can_not_be_written_keeps_its_card(push, hub, tiny_model_folder, monkeypatch):
    def refuse(path, content):
        raise PermissionError(13, os.strerror(13), str(path))

    monkeypatch.setattr("hf_lstm.cli.push.write_file", refuse)  # root may write anywhere
    before = (tiny_model_folder / "README.md").read_bytes()
    push("tiny-model")
    assert (tiny_model_folder / "README.md").read_bytes() == before
    assert 'from_pretrained("me/tiny-model-lstm")' in hub.files("me/tiny-model-lstm")["README.md"].decode()


def test_figures_of_other_labels_are_not_pushed(push, hub, tiny_model_folder):
    (tiny_model_folder / "results.json").write_text(json.dumps(make_results(["bad", "good"])))
    with pytest.raises(InputError, match=r"results\.json has figures of other labels"):
        push("tiny-model", "--dry-run")
