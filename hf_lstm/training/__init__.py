"""Runs recipes: prepares, trains, saves, measures and reports."""
