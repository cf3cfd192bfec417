"""Describes published LSTM systems as complete recipes.

What a system does not publish is left at its default. Where ours differs from the published system, a comment says so.
"""

import dataclasses

from hf_lstm.config.data import DataConfig
from hf_lstm.config.model import ModelSettings
from hf_lstm.config.recipe import Recipe
from hf_lstm.config.tokenizer import TokenizerConfig
from hf_lstm.config.train import TrainConfig

_KERAS_ADAM_EPSILON = 1e-7  # Keras's default

STOPWORD_LSTM = Recipe(
    name="stopword-lstm",
    description="course notebook: 75,275 parameters, stop words as <unk>, embedding 1, hidden 100",
    source="course notebook on IMDB sentiment with a stop-word vocabulary",
    published={"test_accuracy": 86.9, "loss": 0.333, "vocab_size": 33_873, "num_parameters": 75_275},
    data=DataConfig(split="pooled", train_fraction=0.7, validation_fraction=0.1, split_seed=12),
    tokenizer=TokenizerConfig(
        words="word_characters", lowercase=True, stop_words="unknown", min_count=5, order="alphabetical"
    ),
    model=ModelSettings(
        embedding_dim=1, hidden_size=100, max_length_tokens=256, initialization="xavier_orthogonal", single_logit=False
    ),
    train=TrainConfig(
        num_epochs=5,
        batch_size=96,
        learning_rate=1e-3,
        adam_epsilon=1e-6,
        warmup_steps=200,
        # Ours: without it the loss jumped in some runs, and one, of another split, ended 3 points lower on validation.
        max_grad_norm=1.0,
        group_by_length=False,  # batches of like length make it jump more often
    ),
)

# The article pads in front, and reads the padding as if it were text; here padding is never read. It measures the
# weights of the last epoch; ours are those of the best validation loss. It cuts its splits from another order of the
# rows.
KERAS_LSTM = Recipe(
    name="keras-lstm",
    description="article: the 4,999 most frequent words, others left out, the last 100 tokens; embedding and LSTM 128",
    source="article on sentiment analysis of IMDB reviews with a Keras LSTM",
    published={
        "test_accuracy": 85.58,
        "negative_precision": 0.86, "negative_recall": 0.85, "negative_f1": 0.85,
        "positive_precision": 0.86, "positive_recall": 0.86, "positive_f1": 0.86,
    },
    data=DataConfig(split="pooled_test_first", train_fraction=0.64, validation_fraction=0.16, split_seed=42),
    tokenizer=TokenizerConfig(words="letters", stop_words="drop", unknown_words="drop", max_words=4_999),
    model=ModelSettings(
        embedding_dim=128,
        hidden_size=128,
        single_bias=True,
        single_logit=True,
        initialization="keras",
        max_length_tokens=100,
        truncation="last",
    ),
    train=TrainConfig(
        num_epochs=5, batch_size=64, learning_rate=1e-3, adam_epsilon=_KERAS_ADAM_EPSILON, max_grad_norm=None
    ),
)  # fmt: skip

# The notebook takes its last states from the padding; here they are those at the review's ends.
BILSTM = Recipe(
    name="bilstm",
    description="notebook: 584,609 parameters, both directions, 5,000 words, whole reviews",
    source="notebook on IMDB sentiment with a Keras BiLSTM, with and without GloVe",
    published={"validation_accuracy": 86.0, "num_parameters": 584_609},
    data=DataConfig(split="official", validation_fraction=0.2),
    tokenizer=TokenizerConfig(words="unpunctuated", max_words=4_998),  # and padding and unknown
    model=ModelSettings(
        embedding_dim=100,
        hidden_size=64,
        bidirectional=True,
        single_bias=True,
        single_logit=True,
        initialization="keras",
        max_length_tokens=4_096,  # the longest review has about 2,500
    ),
    train=TrainConfig(
        num_epochs=5,
        batch_size=512,
        learning_rate=1e-3,
        adam_epsilon=_KERAS_ADAM_EPSILON,
        max_grad_norm=None,
        patience=5,
        best_by="accuracy",
        group_by_length=False,
    ),
)

GLOVE = "stanfordnlp/glove/glove.6B.zip"

BILSTM_GLOVE_FROZEN = dataclasses.replace(
    BILSTM,
    name="bilstm-glove-frozen",
    description="bilstm with GloVe vectors as they are, zeros for words without",
    train=dataclasses.replace(BILSTM.train, embeddings=GLOVE, missing_vectors="zero", freeze_embeddings=True),
)
BILSTM_GLOVE = dataclasses.replace(
    BILSTM_GLOVE_FROZEN,
    name="bilstm-glove",
    description="bilstm with GloVe vectors to start from, zeros for words without",
    train=dataclasses.replace(
        BILSTM_GLOVE_FROZEN.train,
        freeze_embeddings=False,
        max_grad_norm=1.0,  # ours: without it one of three runs ended 2 points lower on validation
    ),
)

# Lower-case, since the published GloVe coverage (63.25 % of the vocabulary) can't be reached otherwise: of the 25,000
# most frequent whitespace words of train, GloVe knows 46 % as they are written, and 62 % in lower case.
PACKED_LSTM = Recipe(
    name="packed-lstm",
    description="project page: 2.87 M parameters, packed sequences, embedding 100, hidden 256",
    source="project page of a PyTorch LSTM on IMDB with packed sequences",
    published={
        "test_accuracy": 81.91,
        "validation_accuracy": 83.08,
        "test_accuracy_without_packing": 51.0,
        "num_parameters": 2_867_049,
    },
    data=DataConfig(split="official", validation_fraction=0.2),
    tokenizer=TokenizerConfig(words="whitespace", lowercase=True, max_words=25_000, order="frequency"),
    model=ModelSettings(
        embedding_dim=100,
        hidden_size=256,
        max_length_tokens=256,
        single_logit=True,
        initialization="open_forget_gate",  # ours, not published
    ),
    train=TrainConfig(num_epochs=15, batch_size=64, learning_rate=1e-3, patience=3, best_by="accuracy"),
)

# The page does not say what words without a vector start from. Here it is normal draws, as usual in PyTorch, with the
# spread of GloVe's own values.
_PACKED_GLOVE_COVERAGE = {"vectors_found": 15_814, "vocab_size": 25_002, "vector_coverage": 63.25}
PACKED_LSTM_GLOVE = dataclasses.replace(
    PACKED_LSTM,
    name="packed-lstm-glove",
    description="packed-lstm with GloVe vectors to start from, random ones for words without",
    published={
        "test_accuracy": 84.48,
        "validation_accuracy": 86.68,
        "num_parameters": 2_867_049,
        # They make 84.48 % of 25,000.
        "true_negatives": 10_685, "false_positives": 1_815, "false_negatives": 2_066, "true_positives": 10_434,
        **_PACKED_GLOVE_COVERAGE,
    },
    train=dataclasses.replace(PACKED_LSTM.train, embeddings=GLOVE, missing_vectors="normal"),
)  # fmt: skip
PACKED_LSTM_GLOVE_FROZEN = dataclasses.replace(
    PACKED_LSTM_GLOVE,
    name="packed-lstm-glove-frozen",
    description="packed-lstm with GloVe vectors as they are, random ones for words without",
    published={
        "test_accuracy": 83.62,
        "validation_accuracy": 84.96,
        "num_parameters": 2_867_049,
        **_PACKED_GLOVE_COVERAGE,
    },
    train=dataclasses.replace(PACKED_LSTM_GLOVE.train, freeze_embeddings=True),
)

# Where the original leaves a choice in cleaning: characters that are not kept become blanks, and stop words are removed
# after that, so "don't" is two stop words. There is no [CLS] and no [SEP], which mean nothing to an LSTM. The seed, the
# order of the rows, the initialization and the patience are ours. An epoch has only 35 steps: with PyTorch's own
# initialization, the model still guessed after 23 of them. In so few steps, embeddings only come to mean something if
# they are small at the start.
LSTM_15M = Recipe(
    name="lstm-15m",
    description="repository: BERT's pieces, 5 bidirectional layers of 256",
    source="repository of IMDB LSTMs with 15, 45 and 148 million parameters",
    published={"test_accuracy": 86.25, "num_parameters": 15_000_000},
    data=DataConfig(split="pooled", train_fraction=0.7, validation_fraction=0.1, split_seed=0),
    tokenizer=TokenizerConfig(words="wordpiece", stop_words="drop", vocab="bert-base-uncased"),
    model=ModelSettings(
        embedding_dim=256,
        hidden_size=256,
        num_layers=5,
        bidirectional=True,
        dropout=0.5,
        head_norm=True,
        initialization="keras",
        single_logit=True,
        max_length_tokens=256,
    ),
    train=TrainConfig(
        num_epochs=10,
        batch_size=1_024,
        learning_rate=5e-4,
        patience=3,  # ours: what comes later is not kept
        best_by="accuracy",  # published: loss, which rises here while accuracy does too; `temperature` mends that
        group_by_length=False,
    ),
)
LSTM_45M = dataclasses.replace(
    LSTM_15M,
    name="lstm-45m",
    description="lstm-15m with layers of 512",
    published={"test_accuracy": 86.69, "num_parameters": 45_000_000},
    model=dataclasses.replace(LSTM_15M.model, embedding_dim=512, hidden_size=512),
)
LSTM_148M = dataclasses.replace(
    LSTM_15M,
    name="lstm-148m",
    description="lstm-15m with layers of 1,024",
    published={"test_accuracy": 86.06, "num_parameters": 148_000_000},
    model=dataclasses.replace(LSTM_15M.model, embedding_dim=1_024, hidden_size=1_024),
)

PUBLISHED_RECIPES = (
    STOPWORD_LSTM,
    KERAS_LSTM,
    BILSTM,
    BILSTM_GLOVE_FROZEN,
    BILSTM_GLOVE,
    PACKED_LSTM,
    PACKED_LSTM_GLOVE,
    PACKED_LSTM_GLOVE_FROZEN,
    LSTM_15M,
    LSTM_45M,
    LSTM_148M,
)
