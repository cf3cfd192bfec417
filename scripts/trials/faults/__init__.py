"""Tries hostile files and a faulty Hub."""
