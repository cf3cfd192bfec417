"""Finds the files and splits that a data argument means."""
