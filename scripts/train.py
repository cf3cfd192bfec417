"""Trains a recipe, saves and measures the model, and pushes it.

Usage: `python scripts/train.py --help`.
"""

from hf_lstm.cli.common.process import run_command_line
from hf_lstm.cli.train import main

if __name__ == "__main__":
    run_command_line(main)
