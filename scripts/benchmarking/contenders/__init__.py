"""Holds the contenders: this package, and its peers."""
