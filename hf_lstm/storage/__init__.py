"""Keeps long work on disk, so that it outlives the process."""
