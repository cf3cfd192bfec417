"""Reads and writes files: without trust, whole or not at all, and one process at a time."""
