"""Holds the parts of the pages that are computed, and their places."""
