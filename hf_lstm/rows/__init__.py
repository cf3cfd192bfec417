"""Finds texts and labels in the rows of a file."""
