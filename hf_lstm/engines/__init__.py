"""Scores a corpus of many files on several processes or machines, by an existing engine."""
