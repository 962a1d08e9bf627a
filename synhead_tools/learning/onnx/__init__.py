"""Estimators as ONNX files: ours written out, anybody's read."""
