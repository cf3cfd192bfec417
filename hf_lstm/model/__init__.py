"""Joins network and tokenizer: loads, saves, predicts and explains."""
