"""What the paper's table says.

Kuhnke and Ostermann, "Deep Head Pose Estimation Using Synthetic Images and Partial Adversarial Domain Adaptation for
Continuous Label Spaces", ICCV 2019: mean absolute errors on Biwi+ in degrees, all frames, convention `biwi+`,
calibrated. Spreads, numbers of runs, steps and batch sizes were not found published.
"""

from __future__ import annotations

from dataclasses import dataclass

BASELINE = "source-only"

SOURCES = {"SynBiwi+": "synbiwi+", "SynHead++": "synhead++"}
"""Source datasets in the table's order, and their folders in what `match-biwi` makes."""

LABELS = {BASELINE: "Baseline", "dann": "DANN", "pada": "PADA-like", "padaco": "PADACO"}
"""What the paper calls our methods, in the table's order."""


@dataclass(frozen=True)
class PublishedScore:
    """Mean absolute errors, degrees."""

    mae_deg: float
    pitch_mae_deg: float
    yaw_mae_deg: float
    roll_mae_deg: float


PUBLISHED = {
    ("SynBiwi+", "source-only"): PublishedScore(4.58, 4.99, 4.85, 3.89),
    ("SynBiwi+", "dann"): PublishedScore(3.34, 3.56, 3.43, 3.03),
    ("SynBiwi+", "padaco"): PublishedScore(4.04, 4.47, 4.11, 3.56),
    ("SynHead++", "source-only"): PublishedScore(4.53, 4.97, 4.61, 3.97),
    ("SynHead++", "dann"): PublishedScore(6.05, 8.08, 6.17, 3.91),
    ("SynHead++", "pada"): PublishedScore(6.41, 8.14, 6.86, 4.22),
    ("SynHead++", "padaco"): PublishedScore(4.13, 4.51, 4.11, 3.78),
}
"""By source and method."""
