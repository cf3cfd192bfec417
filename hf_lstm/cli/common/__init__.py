"""Shares process, parser and arguments among the commands."""
