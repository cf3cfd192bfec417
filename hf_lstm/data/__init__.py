"""Labeled rows: found, read, checked, cut into splits, and encoded."""
