"""Makes tables of how good models are."""
