"""Serves a model as a web page."""
