"""Holds the commands of `hf-lstm`."""
