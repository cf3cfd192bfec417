"""Runs `hf-lstm` as a module: `python -m hf_lstm`."""

from hf_lstm.cli.main import run

if __name__ == "__main__":
    run()
