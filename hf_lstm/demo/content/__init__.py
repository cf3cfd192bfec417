"""Says what the page shows: words, verdicts, figures and tables."""
