"""Defines what runs and reports write as JSON, and reads it back."""
