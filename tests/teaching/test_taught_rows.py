import numpy as np
import pytest
from datasets import ClassLabel, Dataset, Features, Value

from hf_lstm.config import TrainConfig
from hf_lstm.data.encoded import LabeledTexts
from hf_lstm.encoding.encoder import Encoder
from hf_lstm.teaching.editing.compositions import DECIDED
from hf_lstm.teaching.editing.crops import thin_texts
from hf_lstm.teaching.editing.edited_texts import find_praise
from hf_lstm.teaching.editing.opposites import SURE, TURNED, UNDECIDED
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


def test_thinned_copies_are_of_labeled_and_of_unlabeled_texts(tiny_model, tiny_model_folder):
    texts, unlabeled = ["Good. Bad. So. So.", "good"], ["A film. A plot. A cast. The end.", "bad"]
    features = Features({"text": Value("string"), "label": ClassLabel(names=["neg", "pos"])})
    train = Dataset.from_dict({"text": texts, "label": [1, 0]}, features=features)
    encoder = Encoder(tiny_model.tokenizer, tiny_model.config)
    encoded = LabeledTexts(encoder.encode(texts), np.array([1, 0]))
    config = TrainConfig(teachers=str(tiny_model_folder), thinned_per_text=2, seed=3)
    rows = build_taught_rows(train, encoded, unlabeled, tiny_model.tokenizer, tiny_model.config, config)
    thinned, _ = thin_texts([*texts, *unlabeled], 2, seed=3)
    assert len(thinned) == 2 * 2
    said = tiny_model.predict_proba(thinned).numpy()
    assert rows.targets[4:] == pytest.approx(said, abs=1e-6)
    assert [rows.texts[row].tolist() for row in range(4, 8)] == [encoder.encode([text])[0].tolist() for text in thinned]


REVIEWS = ["A great plot. The end is good.", "An awful plot. The end is bad."] * 10


def build_edited_rows(model, texts, labels, names=("neg", "pos")):
    features = Features({"text": Value("string"), "label": ClassLabel(names=list(names))})
    train = Dataset.from_dict({"text": texts, "label": labels}, features=features)
    encoded = LabeledTexts(Encoder(model.tokenizer, model.config).encode(texts), np.array(labels))
    config = TrainConfig(teachers="ngrams", edited_share=0.5, crops_per_text=1)
    praise = find_praise(texts, encoded.labels)
    return build_taught_rows(train, encoded, [], model.tokenizer, model.config, config, praise=praise)


@pytest.mark.parametrize("praise", [0, 1])
def test_edited_rows_come_last_with_their_own_targets(tiny_model, praise):
    rows = build_edited_rows(tiny_model, REVIEWS, [praise, 1 - praise] * 10)
    num_edited = len(rows) - 20 - 20
    assert 0 < num_edited <= 40
    edited = rows.targets[-num_edited:]
    assert edited.sum(axis=1) == pytest.approx(1)
    assert edited.min() >= 0.05 - 1e-6
    of_written = edited[-8:, praise]  # a fifth, of sayings, facts and compositions
    shares = {round(each, 2) for sure in (SURE, TURNED, DECIDED, UNDECIDED) for each in (sure, 1 - sure)}
    assert {round(float(share), 2) for share in of_written} <= shares
    assert rows.labels[-num_edited:].tolist() == edited.argmax(axis=1).tolist()


def test_texts_that_no_rule_is_for_are_not_edited(tiny_model, caplog):
    texts = ["Ein Film. Noch einer.", "Kein Film. Und noch einer."] * 10
    assert len(build_edited_rows(tiny_model, texts, [0, 1] * 10)) == 20 + 20
    assert "no texts are edited, since these are no English reviews" in caplog.text
