"""Reads the word vectors that come along, which a language model of English film reviews has learned.

They are cut to few dimensions (PCA) and rounded to eight bits by `scripts/place_vectors.py`.
"""

from pathlib import Path

from safetensors.torch import load_file

from hf_lstm.training.vectors.saved_models import ModelVectors

SHIPPED_VECTORS = Path(__file__).resolve().parents[2] / "resources" / "word_vectors"
"""Folder of the vectors and of their words."""
VECTORS_FILE, WORDS_FILE = "vectors.safetensors", "words.txt"
SOURCE = "hf_lstm"
"""What results.json names as the vectors' source."""


def read_shipped_vectors() -> ModelVectors:
    """Read all vectors that come along: as many numbers for each word, the first ones with the largest variance."""
    words = (SHIPPED_VECTORS / WORDS_FILE).read_text(encoding="utf-8").split("\n")[:-1]
    saved = load_file(SHIPPED_VECTORS / VECTORS_FILE)
    table = saved["vectors"] * saved["steps"]
    return ModelVectors(SHIPPED_VECTORS / VECTORS_FILE, {word: place for place, word in enumerate(words)}, table)
