"""Times the same bidirectional LSTM in Keras on TensorFlow.

Its weights are random: they are as fast as trained ones.
"""

import os

from benchmarking.harness.spec import Answers
from benchmarking.harness.timing import time_classification
from hf_lstm.config import ModelConfig

REQUIRES = ("keras", "tensorflow")
_BATCH_SIZE = 256


def classify_with_keras(config: ModelConfig, train_texts: list[str], texts: list[str]) -> Answers:
    """Yield reviews/s from text to label.

    Batches are of like length, and padded to their longest. The states are averaged over the words; nothing is gained
    by leaving out the maximum, which Keras can't mask.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    import numpy as np
    from keras import layers

    vectorize = layers.TextVectorization(max_tokens=config.vocab_size, ragged=True)
    vectorize.adapt(np.array(train_texts))
    classifier = keras.Sequential(
        [
            layers.Embedding(config.vocab_size, config.embedding_dim, mask_zero=True),
            layers.Bidirectional(layers.LSTM(config.hidden_size, return_sequences=True)),
            layers.GlobalAveragePooling1D(),
            layers.Dense(config.num_labels),
        ]
    )

    def classify(texts: list[str]) -> list[int]:
        input_ids = vectorize(np.array(texts))[:, : config.max_length_tokens].to_list()
        order = sorted(range(len(texts)), key=lambda row: len(input_ids[row]))
        labels = np.empty(len(texts), dtype=np.int64)
        for start in range(0, len(order), _BATCH_SIZE):
            rows = order[start : start + _BATCH_SIZE]
            batch = keras.utils.pad_sequences([input_ids[row] for row in rows], padding="post")
            labels[rows] = classifier.predict_on_batch(batch).argmax(axis=1)
        return labels.tolist()  # type: ignore[no-any-return]

    classify(texts)
    facts = {"batch_size": _BATCH_SIZE, "dtype": keras.config.floatx()}
    yield from time_classification({"reviews_per_s": lambda: classify(texts)}, len(texts), facts)
