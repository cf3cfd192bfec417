"""What is timed: this package, and its peers."""
