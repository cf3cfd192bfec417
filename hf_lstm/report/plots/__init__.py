"""Draws what a report shows, a plot in each file."""
