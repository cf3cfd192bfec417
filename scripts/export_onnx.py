"""Writes a saved model as ONNX, checked against PyTorch on real reviews.

Usage: `python scripts/export_onnx.py --help`.
"""

from hf_lstm.cli.common.process import run_command_line
from hf_lstm.cli.export import main

if __name__ == "__main__":
    run_command_line(main)
