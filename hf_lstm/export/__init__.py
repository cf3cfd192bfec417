"""The model in other formats: ONNX."""
