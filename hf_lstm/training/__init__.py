"""A recipe's run: set up, trained, saved, measured and reported."""
