"""Defines the benchmark's sections."""
