"""Holds the contenders: this package, its peers, and the machine's peak."""
