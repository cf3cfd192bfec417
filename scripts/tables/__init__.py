"""The parts of the README that are computed: one file for each, and how they get between their markers."""
