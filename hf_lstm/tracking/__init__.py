"""Shows the figures of a run in other programs, while it runs."""
