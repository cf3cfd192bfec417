"""Makes more texts of those to learn from: parts of them, and English reviews edited so that a few words turn them."""
