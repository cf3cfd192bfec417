"""Draws accuracy against speed."""
