"""Trains language models on unlabeled texts, for classifiers to start from."""
