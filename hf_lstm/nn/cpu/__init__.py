"""Holds the CPU kernel of the LSTM: plans, threads, layers and their gradients."""
