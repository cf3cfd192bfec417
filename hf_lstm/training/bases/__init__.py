"""Has a classifier start from a saved model: a classifier, or a language model."""
