"""LSTM text classification as a first-class Hugging Face package."""

__version__ = "0.1.0"
