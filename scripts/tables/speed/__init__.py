"""Makes tables of how fast they are."""
