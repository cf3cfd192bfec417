"""Has a model start from pretrained word vectors."""
