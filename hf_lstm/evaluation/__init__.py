"""Measures how good a model is, and analyzes its mistakes."""
