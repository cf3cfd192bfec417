"""The parts of scripts/load_test_demo.py: the server under test, clients, and requests that must be refused."""
