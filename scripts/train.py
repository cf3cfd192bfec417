"""Train a recipe, save and measure the model, and push it: `python scripts/train.py --help`."""

from hf_lstm.cli.common import run_command_line
from hf_lstm.cli.train import main

if __name__ == "__main__":
    run_command_line(main)
