"""Turns texts into token ids, fast, and ids into batches."""
