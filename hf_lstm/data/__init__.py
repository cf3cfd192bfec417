"""Checks labeled rows, cuts them into splits, and encodes them."""
