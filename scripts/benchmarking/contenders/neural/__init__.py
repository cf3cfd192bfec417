"""Holds the other neural networks: those of libraries, and the loop that courses write."""
