import pytest

from hf_lstm import InputError
from hf_lstm.config import DataConfig, TrainConfig


def test_teachers_are_names_with_commas_between():
    assert TrainConfig().teacher_names == []
    assert TrainConfig(teachers="ngrams, runs/a").teacher_names == ["ngrams", "runs/a"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"teachers": "ngrams,,a"}, "teachers is 'ngrams,,a', but must be names with commas between"),
        ({"teachers": "ngrams", "teacher_weight": 0.0}, "teacher_weight is 0.0, but must be 0 < x <= 1"),
        ({"unlabeled": "more.txt"}, "unlabeled is 'more.txt', but must be none or auto without train.teachers"),
        ({"crops_per_text": 1}, "crops_per_text is 1, but must be 0 without train.teachers"),
        ({"thinned_per_text": 1}, "thinned_per_text is 1, but must be 0 without train.teachers"),
        ({"teachers": "ngrams", "thinned_per_text": -1}, "thinned_per_text is -1, but must be >= 0"),
        ({"edited_share": 0.1}, "edited_share is 0.1, but must be 0 without train.teachers"),
        ({"teachers": "ngrams", "edited_share": 1.0}, "edited_share is 1.0, but must be 0 <= x < 1"),
    ],
)
def test_what_needs_a_teacher_is_refused_without_one(settings, message):
    with pytest.raises(InputError, match=rf"train\.{message}"):
        TrainConfig(**settings)


def test_by_default_there_may_be_no_teacher():
    assert TrainConfig(unlabeled="auto", teachers=None).unlabeled == "auto"


def test_only_an_embedding_that_is_given_can_be_frozen():
    assert TrainConfig(init_from="runs/a", freeze_embeddings=True).freeze_embeddings
    for init_from in (None, "auto"):
        with pytest.raises(InputError, match=r"train\.freeze_embeddings is True, but must be false without train\.emb"):
            TrainConfig(init_from=init_from, freeze_embeddings=True)


def test_groups_need_a_file_and_the_official_split():
    with pytest.raises(InputError, match=r"data\.group_column is 'movie', but must be none without data\.group_file"):
        DataConfig(group_column="movie")
    with pytest.raises(InputError, match=r"data\.group_file is 'a\.csv', but must be none unless data\.split=official"):
        DataConfig(group_file="a.csv", split="pooled")
