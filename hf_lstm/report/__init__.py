"""Writes pages, plots and tables of what was measured."""
