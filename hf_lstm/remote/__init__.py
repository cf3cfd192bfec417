"""Holds the modules that lie beside a model for transformers: they need it and torch alone."""
