"""Holds the parts of `scripts/benchmark.py`.

There is one file per section and per peer. The harness times and reports them. Nothing here imports PyTorch or a peer
at its top, except `packed_loop`: each contender imports what it needs in the process of its own that it runs in.
"""
