"""Holds the parts of `scripts/mutation_testing.py`."""
