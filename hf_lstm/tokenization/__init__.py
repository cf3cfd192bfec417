"""Text to token ids: tokenizers, their fast form, and batches."""
