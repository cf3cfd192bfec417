"""A card that somebody edited on the Hub is kept; a generated one is replaced."""

import huggingface_hub
import pytest
from local_hub import Fault
from model_pushes import HAND_MADE_CARD, REPO, make_card, push, read_pushed

from hf_lstm.errors import InputError


def test_a_generated_card_is_replaced(hub, folder, caplog):
    hub.add_repo(REPO, files={"README.md": make_card("another")})
    push(folder)
    assert hub.files(REPO) == read_pushed(folder)
    assert "README.md" not in caplog.text


@pytest.mark.parametrize(
    "edited",
    [
        HAND_MADE_CARD,
        make_card("another").replace(b"library_name: hf_lstm", b"library_name: other"),
        b"\xff\xfe no UTF-8",
    ],
    ids=["made by hand", "generated, then edited", "binary"],
)
def test_an_edited_card_is_kept_with_a_warning_unless_told_otherwise(hub, folder, caplog, edited):
    hub.add_repo(REPO, files={"README.md": edited})
    push(folder)
    assert hub.files(REPO) == {**read_pushed(folder), "README.md": edited}
    assert "README.md of me/imdb-lstm was edited on the Hub and is kept" in caplog.text
    push(folder, overwrite_card=True)
    assert hub.files(REPO) == read_pushed(folder)


def test_a_refused_push_says_nothing_of_the_card(hub, folder, client_log):
    hub.add_repo(REPO, files={"README.md": HAND_MADE_CARD})
    hub.inject("commit", Fault("status", status=403, message="no such luck"))
    with pytest.raises(InputError, match="no such luck"):
        push(folder)
    assert client_log.messages == []


def test_an_edited_card_that_is_ours_too_is_no_conflict(hub, folder, caplog):
    (folder / "README.md").write_bytes(HAND_MADE_CARD)
    hub.add_repo(REPO, files={"README.md": HAND_MADE_CARD})
    push(folder)
    assert hub.files(REPO) == read_pushed(folder)
    assert "README.md" not in caplog.text


def test_a_card_edited_while_we_push_is_kept(hub, folder, short_waits, monkeypatch):
    """The commit names the one whose card was looked at, so that the Hub refuses it; the next attempt looks again."""
    hub.add_repo(REPO, files={"README.md": make_card("another")})
    create_commit = huggingface_hub.HfApi.create_commit

    def edit_then_commit(api, *arguments, **options):
        if hub.count("commit") == 0:
            hub.commit(REPO, {"README.md": HAND_MADE_CARD})
        return create_commit(api, *arguments, **options)

    monkeypatch.setattr(huggingface_hub.HfApi, "create_commit", edit_then_commit)
    push(folder)
    assert hub.files(REPO) == {**read_pushed(folder), "README.md": HAND_MADE_CARD}
    assert hub.count("commit") == 2
    assert len(hub.commits(REPO)) == 3


def test_the_card_is_read_again_after_a_fault(hub, folder, short_waits):
    hub.add_repo(REPO, files={"README.md": HAND_MADE_CARD})
    hub.inject("resolve", Fault("status"), Fault("drop"))
    push(folder)
    assert hub.files(REPO)["README.md"] == HAND_MADE_CARD
