"""The web page that serves a model."""
