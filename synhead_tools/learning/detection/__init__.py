"""RetinaFace: where faces are in a picture, with five points, a dense mesh and so the pose of each.

J. Deng, J. Guo, E. Ververas, I. Kotsia, S. Zafeiriou, "RetinaFace: Single-Shot Multi-Level Face Localisation in the
Wild", CVPR 2020, and its first version, arXiv 1905.00641. docs/retinaface.md says what of it is built how, and what
was chosen where its sources disagree.
"""

from synhead_tools.registry import Table

_BACKBONES = "synhead_tools.learning.backbones"

DETECTOR_BACKBONES = Table(
    "detector backbone",
    {
        "resnet18": f"{_BACKBONES}.resnet:resnet18",
        "resnet34": f"{_BACKBONES}.resnet:resnet34",
        "resnet50": f"{_BACKBONES}.resnet:resnet50",
        "resnet152": f"{_BACKBONES}.resnet:resnet152",
        "mobilenet0.25": f"{_BACKBONES}.mobilenet:mobilenet_025",
    },
)
