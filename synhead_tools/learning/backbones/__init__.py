"""Backbones: networks from pictures to features. To add one: one function, and one line here."""

from synhead_tools.registry import Table

BACKBONES = Table(
    "backbone",
    {
        "resnet18": "synhead_tools.learning.backbones.resnet:resnet18",
        "resnet34": "synhead_tools.learning.backbones.resnet:resnet34",
        "resnet50": "synhead_tools.learning.backbones.resnet:resnet50",
        "resnet152": "synhead_tools.learning.backbones.resnet:resnet152",
    },
)
