"""Holds the parts of scripts/load_test_demo.py.

They are the server under test, clients, and requests that must be refused.
"""
