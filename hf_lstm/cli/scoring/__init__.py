"""Has `hf-lstm predict` read what it is given, and score it on an engine."""
