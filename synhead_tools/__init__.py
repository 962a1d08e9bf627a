"""synhead: exact head-pose datasets and estimators that adapt to real faces."""

__version__ = "0.1.0"
