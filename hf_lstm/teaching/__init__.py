"""Labels rows softly, by teachers, for a network to learn from."""
