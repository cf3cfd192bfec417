"""What a run began with is kept, and what differs at its resumption is named."""

import contextlib
import json
import re

import pytest

from hf_lstm import InputError
from hf_lstm.storage import identity
from hf_lstm.storage.identity import check_finished, check_identity


@pytest.fixture
def path(tmp_path):
    (tmp_path / "run" / ".unfinished").mkdir(parents=True)
    return tmp_path / "run" / ".unfinished" / "identity.json"


@pytest.mark.parametrize(
    ("began", "now", "said"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "a.b was 1 and is 2 now"),
        ({"b": None}, {"b": 0.5}, "b was none and is 0.5 now"),
        ({"b": "x"}, {"b": None}, "b was x and is none now"),
        ({"b": None}, {}, "b was none and is none now"),  # the key is gone
        ({"b": "0" * 64}, {"b": "f" * 64}, "b was 000000000000... and is ffffffffffff... now"),
        ({"b": (1, 2)}, {"b": (1, 3)}, "b was [1, 2] and is [1, 3] now"),
        ({"b": 1, "c": 2, "d": 3}, {"b": 1, "c": 4, "d": 5}, "c was 2 and is 4 now; d was 3 and is 5 now"),
    ],
)
def test_what_differs_is_named(path, began, now, said):
    check_identity(path, {"settings": began}, must_be_equal=True)
    check_identity(path, {"settings": began}, must_be_equal=True)
    with pytest.raises(InputError, match=rf"^the run in .*run cannot be resumed: {re.escape(said)}; resume it with"):
        check_identity(path, {"settings": now}, must_be_equal=True)
    assert json.loads(path.read_text()) == json.loads(json.dumps({"settings": began}))


def test_what_cannot_be_read_any_more_is_told_with_what_to_do(path):
    path.write_bytes(bytes(20))
    with pytest.raises(InputError, match=r"identity\.json is not valid JSON: .* pass --overwrite .* to start anew$"):
        check_identity(path, {"settings": {}}, must_be_equal=True)


def test_a_section_may_be_one_value_and_comes_later(path, caplog):
    check_identity(path, {"settings": {"b": 1}}, must_be_equal=True)
    check_identity(path, {"code": "abc"}, must_be_equal=False)
    assert json.loads(path.read_text()) == {"settings": {"b": 1}, "code": "abc"}
    assert caplog.messages == []
    check_identity(path, {"code": "def"}, must_be_equal=False)
    (line,) = caplog.messages
    assert line == "the run began otherwise, and may differ in its last bits from now on: code was abc and is def now"


def test_many_and_long_differences_are_cut(path):
    most = identity._MAX_SHOWN
    check_identity(path, {"s": {str(key): 0 for key in range(most + 2)}}, must_be_equal=True)
    with pytest.raises(InputError) as caught:
        check_identity(path, {"s": {str(key): 1 for key in range(most + 2)}}, must_be_equal=True)
    assert str(caught.value).count(" and is ") == most
    assert "; and 2 more; " in str(caught.value)
    with pytest.raises(InputError) as caught:
        check_identity(path, {"s": {str(key): int(key < most) for key in range(most + 2)}}, must_be_equal=True)
    assert " more; " not in str(caught.value)
    fits, long = "x" * identity._MAX_CHARACTERS, "y" * (identity._MAX_CHARACTERS + 1)
    check_identity(path, {"t": {"a": fits}}, must_be_equal=True)
    with pytest.raises(InputError, match=f"a was {fits} and is {long[:-1]}\\.\\.\\. now"):
        check_identity(path, {"t": {"a": long}}, must_be_equal=True)


def test_a_finished_run_is_not_taken_for_one_with_other_settings(tmp_path):
    check_finished(tmp_path, {"name": "b"})  # of a model that no run has made
    saved = {"name": "a", "data": {"dataset": "x", "column": None}, "train": {"seed": 1, "rate": 0.5, "way": "up"}}
    (tmp_path / "recipe.json").write_text(json.dumps(saved))
    check_finished(tmp_path, {**saved, "data": {"dataset": "/folder/x", "new": 1}})
    with pytest.raises(InputError) as caught:
        check_finished(tmp_path, {"name": "b", "train": {"seed": 2, "rate": None, "way": "down"}})
    assert str(caught.value).startswith(
        f"the run in {tmp_path} is finished, and was another one: the recipe was a and is b now; train.seed was 1 and "
        "is 2 now; train.rate was 0.5 and is none now; train.way was up and is down now; pass --overwrite"
    )
    with pytest.raises(InputError, match=r"another one: data\.column was none and is body now; "):
        check_finished(tmp_path, {"data": {"dataset": "x", "column": "body"}})


@pytest.mark.parametrize(
    ("labels", "words", "is_refused"),
    [("ab", "bpe", False), ("ab", "punctuated", False), ("ab", "word_characters", True), ("abc", "bpe", False)],
)
def test_what_a_run_completes_is_no_difference(tmp_path, labels, words, is_refused):
    id2label = dict(enumerate(labels))
    saved = {"model": {"single_logit": len(labels) == 2, "id2label": id2label}, "tokenizer": {"words": words}}
    (tmp_path / "recipe.json").write_text(json.dumps(saved))
    asked = {"model": {"single_logit": True}, "tokenizer": {"words": "punctuated"}}
    with pytest.raises(InputError, match="words was") if is_refused else contextlib.nullcontext():
        check_finished(tmp_path, asked)
    if len(labels) == 2:
        with pytest.raises(InputError, match=r"model\.single_logit was True and is False now"):
            check_finished(tmp_path, {"model": {"single_logit": False}})


def test_settings_that_came_after_a_run_began_have_their_defaults_there(tmp_path):
    path = tmp_path / "work" / "identity.json"
    path.parent.mkdir()
    began = {"train": {"seed": 3}, "model": {"hidden_size": 8}}
    path.write_text(json.dumps({"settings": began}))
    now = {"train": {"seed": 3, "cuda_graphs": False}, "model": {"hidden_size": 8, "direction_dropout": 0.0}}
    check_identity(path, {"settings": now}, must_be_equal=True)
    now["train"]["cuda_graphs"] = True
    with pytest.raises(InputError, match=r"train\.cuda_graphs was False and is True now; resume"):
        check_identity(path, {"settings": now}, must_be_equal=True)


def test_settings_that_came_after_a_run_ended_have_their_defaults_there(tmp_path):
    (tmp_path / "recipe.json").write_text(json.dumps({"train": {"seed": 3}, "model": {"hidden_size": 8}}))
    now = {"train": {"seed": 3, "cuda_graphs": False}, "model": {"hidden_size": 8, "words_per_step": 1}}
    check_finished(tmp_path, now)
    now["model"]["words_per_step"] = 2
    with pytest.raises(InputError, match=r"another one: model\.words_per_step was 1 and is 2 now; pass --overwrite"):
        check_finished(tmp_path, now)


@pytest.mark.parametrize("is_language_model", [True, False, None])
def test_what_a_model_to_start_from_determines_is_no_difference(tmp_path, is_language_model):
    saved = {
        "data": {"dataset": "x", "text_column": "body", "split_seed": 3},
        "tokenizer": {"max_words": 9},
        "model": {"hidden_size": 8, "pooling": "mean"},
        "train": {"init_from": "base", "seed": 1},
    }
    (tmp_path / "recipe.json").write_text(json.dumps(saved))
    facts = {"is_on_hub": False} | ({} if is_language_model is None else {"is_language_model": is_language_model})
    (tmp_path / "results.json").write_text(json.dumps({"init_from": facts}))
    asked = {
        "data": {"dataset": "x", "text_column": None, "split_seed": 0},
        "tokenizer": {"max_words": 5},
        "model": {"hidden_size": 5, "pooling": "mean" if is_language_model else "max"},
        "train": {"init_from": "folder/base", "seed": 1},
    }
    check_finished(tmp_path, asked)
    for section, name, value in [
        ("data", "text_column", "title"),
        ("data", "split_seed", 7),
        ("data", "dataset", "y"),
        ("train", "init_from", "folder/other"),
        *([("model", "pooling", "max")] if is_language_model else ()),
    ]:
        changed = {**asked, section: {**asked[section], name: value}}
        with pytest.raises(InputError, match=rf"another one: {section}\.{name} was \w+ and is \w+ now; pass"):
            check_finished(tmp_path, changed)


def test_what_is_read_is_compared_whether_somebody_gave_it_or_the_model_to_start_from(path):
    begun = {"model": {"max_length_tokens": 400}, "given": {}}
    check_identity(path, {"settings": begun}, must_be_equal=True)
    given = {**begun, "given": {"model.max_length_tokens": 400}}  # the model may have another length
    with pytest.raises(InputError, match=r"given\.model\.max_length_tokens was none and is 400 now"):
        check_identity(path, {"settings": given}, must_be_equal=True)
    path.write_text(json.dumps({"settings": {"model": {"max_length_tokens": 400}}}))  # of an earlier version
    check_identity(path, {"settings": given}, must_be_equal=True)
