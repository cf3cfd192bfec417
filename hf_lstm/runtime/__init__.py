"""Knows what the process runs on: devices, free memory, and how it ends."""
