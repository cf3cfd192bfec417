"""Times contenders in rounds, and summarizes and reports the times."""
