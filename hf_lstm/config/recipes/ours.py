"""Holds the recipes of our own."""

import dataclasses

from hf_lstm.config.data import DataConfig
from hf_lstm.config.model import ModelSettings
from hf_lstm.config.recipe import Recipe
from hf_lstm.config.tokenizer import TokenizerConfig
from hf_lstm.config.train import TrainConfig

# Ours. It learns from only a few thousand rows; with the last state alone, it would not.
POOLED_BILSTM = Recipe(
    name="pooled-bilstm",
    description="ours: both directions, mean and max over all states; good from a few thousand rows on",
    source="this package",
    tokenizer=TokenizerConfig(words="word_characters", min_count=2, max_words=25_000),
    model=ModelSettings(
        embedding_dim=100, hidden_size=128, bidirectional=True, pooling="mean_max", dropout=0.4, max_length_tokens=400
    ),
    data=DataConfig(validation_fraction=0.1),
    train=TrainConfig(num_epochs=8, batch_size=32, learning_rate=2e-3, patience=2, best_by="loss"),
)

# Ours, and the default. What n-grams say of rows and of texts without labels counts as much as the labels.
DISTILLED_BILSTM = Recipe(
    name="distilled-bilstm",
    description="ours: learns from an n-gram model's soft labels as well; takes texts without labels, too",
    source="this package",
    tokenizer=TokenizerConfig(words="punctuated", min_count=2, max_words=30_000),
    model=ModelSettings(
        embedding_dim=64,
        hidden_size=64,
        bidirectional=True,
        pooling="mean_max",
        dropout=0.3,
        max_length_tokens=400,
        truncation="head_tail",
    ),
    data=DataConfig(validation_fraction=0.1),
    train=TrainConfig(
        num_epochs=4,
        batch_size=32,
        learning_rate=2e-3,
        schedule="linear",
        best_by="loss",
        teachers="ngrams",
        teacher_weight=0.5,
        unlabeled="auto",
        init_from="auto",
        start="ngrams",
    ),
)

# Ours, the teacher of small models: a language model (`hf-lstm pretrain`) fine-tuned. Its sizes are those of `lm`.
LM_CLASSIFIER = Recipe(
    name="lm-classifier",
    description="ours: fine-tunes a language model (--init-from), against the worst small changes of its words",
    source="this package",
    tokenizer=TokenizerConfig(words="punctuated", max_words=29_998),
    model=ModelSettings(
        embedding_dim=256,
        hidden_size=512,
        bidirectional=True,
        pooling="last_mean_max",
        embedding_dropout=0.5,
        embedding_dropout_mask="dimension",
        output_dropout=0.2,
        max_length_tokens=400,
        truncation="head_tail",
    ),
    data=DataConfig(validation_fraction=0.1),
    train=TrainConfig(
        num_epochs=4,
        batch_size=32,
        learning_rate=1e-3,
        layer_decay=0.7,
        frozen_steps=100,
        schedule="linear",
        ema_decay=0.999,
        adversarial_epsilon=5.0,
        best_by="loss",
        unlabeled="auto",
    ),
)

# Ours, what a classifier from `lm-classifier` learns more of texts without labels; the settings are those of
# results/lm-virtual-seed2.json.
LM_VIRTUAL = dataclasses.replace(
    LM_CLASSIFIER,
    name="lm-virtual",
    description="ours: fine-tunes a language model (--init-from), on texts without labels (--unlabeled), too",
    train=dataclasses.replace(
        LM_CLASSIFIER.train,
        num_epochs=2,
        learning_rate=5e-4,
        layer_decay=1.0,
        frozen_steps=0,
        ema_decay=0.995,
        adversarial_epsilon=None,
        virtual_adversarial_epsilon=5.0,
        unlabeled_batches_per_step=1,
    ),
)

# Ours, to be shipped: students of fine-tuned language models, `--teacher runs/a --teacher runs/b --teacher ngrams`.
# As fast as pooled-bilstm, and under 10 MB in a folder; the tiny one is under 2 MB.
FLAGSHIP = Recipe(
    name="flagship",
    description="ours: a student of fine-tuned language models (--teacher), about 6 MB",
    source="this package",
    tokenizer=TokenizerConfig(words="punctuated", min_count=2, max_words=29_998),
    model=ModelSettings(
        embedding_dim=96,
        hidden_size=112,
        bidirectional=True,
        pooling="mean_max",
        dropout=0.2,
        max_length_tokens=600,
        truncation="head_tail",
        dtype="bfloat16",
    ),
    data=DataConfig(validation_fraction=0.1),
    train=TrainConfig(
        num_epochs=6,
        batch_size=64,
        learning_rate=2e-3,
        schedule="linear",
        ema_decay=0.999,
        best_by="loss",
        teachers="ngrams",
        teacher_weight=0.8,
        unlabeled="auto",
        crops_per_text=1,
        edited_share=0.15,
        start="ngrams",
    ),
)
FLAGSHIP_TINY = dataclasses.replace(
    FLAGSHIP,
    name="flagship-tiny",
    description="ours: as flagship, but of 24 units that read forward only, three words a step, about 1 MB",
    tokenizer=TokenizerConfig(words="punctuated", min_count=2, max_words=19_998),
    model=dataclasses.replace(
        FLAGSHIP.model, embedding_dim=24, hidden_size=24, words_per_step=3, bidirectional=False, dropout=0.1
    ),
    train=dataclasses.replace(FLAGSHIP.train, num_epochs=14),
)

MADE_FOR_BASES = (LM_CLASSIFIER.name, LM_VIRTUAL.name)
"""Recipes whose settings are those for a language model to start from."""
OUR_RECIPES = (POOLED_BILSTM, DISTILLED_BILSTM, LM_CLASSIFIER, LM_VIRTUAL, FLAGSHIP, FLAGSHIP_TINY)
