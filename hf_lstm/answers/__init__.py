"""Scores files of texts: keeps their columns, and adds the answers."""
