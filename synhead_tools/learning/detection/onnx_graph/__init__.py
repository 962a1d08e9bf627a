"""A detector as one ONNX graph, built node by node from its layers.

torch's exporter takes minutes where height and width are free.
"""
