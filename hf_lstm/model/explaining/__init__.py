"""Explains an answer by the words of its text."""
