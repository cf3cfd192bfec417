"""Holds the parts of the commands that try to break what was built."""
