"""How contenders are timed: rounds, summaries, the report."""
