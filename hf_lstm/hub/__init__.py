"""The Hugging Face Hub: downloads, pushes, Spaces and model cards."""
