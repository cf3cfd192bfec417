"""Writes the model in other formats: ONNX."""
