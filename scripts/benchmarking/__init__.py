"""What `scripts/benchmark.py` measures: one file per section and per peer, and how they are timed and reported.

Nothing here imports PyTorch or a peer at its top, except `packed_loop`: each contender imports what it needs in the
process of its own that it runs in.
"""
