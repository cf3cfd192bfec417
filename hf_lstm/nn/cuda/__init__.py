"""Trains LSTM layers on CUDA devices without a launch for each time step."""
