"""Exchanges models, cards and Spaces with the Hugging Face Hub."""
