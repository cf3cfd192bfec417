import pytest
import torch

from hf_lstm.answers.columns import build_answers, name_answer_columns


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
    assert name_answer_columns(existing, ["a", "b"], with_scores=True) == expected
    assert name_answer_columns(existing, ["a", "b"], with_scores=False) == expected[:2]


def test_answers_are_columns():
    probabilities = torch.tensor([[0.25, 0.75], [0.5000004, 0.4999996]])
    whole = build_answers(["l", "s", "s_a", "s_b"], probabilities, ["a", "b"])
    assert whole.columns == [["b", "a"], [0.75, 0.5], [0.25, 0.5], [0.75, 0.5]]
    assert build_answers(["l", "s"], probabilities, ["a", "b"]).columns == whole.columns[:2]
