"""Searches for better settings of a recipe: many short runs, judged on validation."""
