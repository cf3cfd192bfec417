"""Computes what training minimizes besides the loss of labels."""
