import numpy as np
import pytest
from datasets import ClassLabel, Dataset, Features, Value

from hf_lstm.config import TrainConfig
from hf_lstm.data.encoded import LabeledTexts
from hf_lstm.encoding.encoder import Encoder
from hf_lstm.teaching.taught_rows import build_taught_rows

TEXTS = ["A wonderful film. Great fun.", "A dull film. A waste of time.", "great cast"]


@pytest.mark.parametrize("weight", [0.3, 1.0])
def test_rows_are_those_of_train_then_unlabeled_then_crops(tiny_model, tiny_model_folder, weight):
    features = Features({"text": Value("string"), "label": ClassLabel(names=["neg", "pos"])})
    train = Dataset.from_dict({"text": TEXTS, "label": [1, 0, 1]}, features=features)
    encoder = Encoder(tiny_model.tokenizer, tiny_model.config)
    encoded = LabeledTexts(encoder.encode(TEXTS), np.array([1, 0, 1]))
    config = TrainConfig(teachers=str(tiny_model_folder), teacher_weight=weight, crops_per_text=2)
    rows = build_taught_rows(train, encoded, ["the worst acting"], tiny_model.tokenizer, tiny_model.config, config)
    assert len(rows) == 3 + 1 + 2 * 2
    for row, text in enumerate([*TEXTS, "the worst acting"]):
        assert rows.texts[row].tolist() == encoder.encode([text])[0].tolist()
    said = tiny_model.predict_proba([*TEXTS, "the worst acting"]).numpy()
    truth = np.array([[0, 1], [1, 0], [0, 1]])
    assert rows.targets[:3] == pytest.approx(weight * said[:3] + (1 - weight) * truth, abs=1e-6)
    assert rows.targets[3] == pytest.approx(said[3], abs=1e-6)
    assert rows.labels[:3].tolist() == [1, 0, 1]
    assert rows.labels[3:].tolist() == rows.targets[3:].argmax(axis=1).tolist()
