"""Builds and reads tokenizers: how text becomes words, and words ids."""
