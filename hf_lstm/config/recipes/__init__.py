"""Holds the recipes: our own, and those of published systems."""
