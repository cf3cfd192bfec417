"""Turns text into token ids, fast, and ids into batches."""
