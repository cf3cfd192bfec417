"""Serves a model over HTTP to programs, many requests in one batch."""
