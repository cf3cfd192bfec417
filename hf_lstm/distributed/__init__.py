"""Divides training among threads and processes, without a change of its bits."""
