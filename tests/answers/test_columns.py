import pytest
import torch
from run_records import make_config

from hf_lstm.answers.columns import build_answers, name_answer_columns
from hf_lstm.config.model import MULTI_LABEL

CONFIG = make_config(["a", "b"])


@pytest.mark.parametrize(
    ("existing", "expected"),
    [
        (["text"], ["label", "score", "score_a", "score_b"]),
        (["label", "text"], ["predicted_label", "score", "score_a", "score_b"]),
        ([" Label", "SCORE", "score_b"], ["predicted_label", "predicted_score", "score_a", "predicted_score_b"]),
        (["label", "predicted_label"], ["predicted_label_2", "score", "score_a", "score_b"]),
    ],
)
def test_no_column_is_named_as_another(existing, expected):
    assert name_answer_columns(existing, CONFIG, with_scores=True) == expected
    assert name_answer_columns(existing, CONFIG, with_scores=False) == expected[:2]


def test_answers_are_columns():
    probabilities = torch.tensor([[0.25, 0.75], [0.5000004, 0.4999996]])
    whole = build_answers(["l", "s", "s_a", "s_b"], probabilities, CONFIG)
    assert whole.columns == [["b", "a"], [0.75, 0.5], [0.25, 0.5], [0.75, 0.5]]
    assert build_answers(["l", "s"], probabilities, CONFIG).columns == whole.columns[:2]


def test_a_label_with_the_separator_in_its_name_is_read_back():
    probabilities = torch.tensor([[0.6, 0.7], [0.6, 0.2], [0.1, 0.9]])
    config = make_config(["a", "b|c"], MULTI_LABEL)
    assert build_answers(["label"], probabilities, config).columns == [['["b|c", "a"]', "a", '["b|c"]']]


def test_any_number_of_labels_stand_in_one_cell():
    probabilities = torch.tensor([[0.25, 0.75], [0.5, 0.9], [0.1, 0.2]])
    config = make_config(["a", "b"], MULTI_LABEL)
    names = name_answer_columns(["Label"], config, with_scores=True)
    assert names == ["predicted_label", "score_a", "score_b"]
    assert build_answers(names, probabilities, config).columns[0] == ["b", "b|a", ""]
    assert build_answers(names[:1], probabilities, config).columns == [["b", "b|a", ""]]
