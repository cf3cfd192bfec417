"""Loads labeled rows, checks them, and cuts them into splits."""
