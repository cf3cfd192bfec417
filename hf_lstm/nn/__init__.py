"""Computes logits from token ids; holds the CPU kernel of the LSTM."""
