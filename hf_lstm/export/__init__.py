"""Writes the model in other formats: ONNX, and a page for the browser."""
