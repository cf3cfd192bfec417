"""Trains: orders rows, takes steps, and keeps the best epoch."""
