"""Scores a text, a file of texts, or standard input.

Usage: `python scripts/predict.py --help`.
"""

from hf_lstm.cli.common.process import run_command_line
from hf_lstm.cli.predict import main

if __name__ == "__main__":
    run_command_line(main)
