"""Holds the parts of `scripts/crash_matrix.py`."""
