"""SynHead -> SynHead+: the frames whose face is visible, with labels restated in the target's convention.

The published SynHead+ holds "the frames whose face is visible"; its rule and threshold were not published. Ours: at
least `min_visible_points` of the five points are visible, and at least `min_visible_fraction` of the face region's
frontal area is. The defaults keep a profile (one eye, nose, one corner of the mouth) and drop what shows less.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from synhead_tools.errors import ManifestError
from synhead_tools.formats.dataset import Dataset, open_dataset
from synhead_tools.formats.manifest import Manifest, ShardEntry
from synhead_tools.formats.sample import VISIBLE
from synhead_tools.formats.selection import select_entries
from synhead_tools.geometry.conventions import get_convention
from synhead_tools.matching.folders import finish_dataset, new_dataset_folder, parent_of


@dataclass(frozen=True)
class VisibleFaceRule:
    """When a face counts as visible.

    Attributes
    ----------
    min_visible_points : int
        How many of the five points must be visible, 0 to 5.
    min_visible_fraction : float
        Least visible area of the face region, as a fraction of its area in a frontal picture, 0 to 1.
    """

    min_visible_points: int = 3
    min_visible_fraction: float = 0.25

    def __post_init__(self) -> None:
        if not 0 <= self.min_visible_points <= 5:
            raise ManifestError(f"min_visible_points is {self.min_visible_points}; give 0 to 5")
        if not 0.0 <= self.min_visible_fraction <= 1.0:
            raise ManifestError(f"min_visible_fraction is {self.min_visible_fraction}; give 0 to 1")

    def select(self, points5_visibility: np.ndarray, visible_fraction: np.ndarray) -> np.ndarray:
        """Which of n samples show a face: bool (n,), from visibility codes (n, 5) and fractions (n,)."""
        enough_points = (np.asarray(points5_visibility) == VISIBLE).sum(axis=1) >= self.min_visible_points
        return enough_points & (np.asarray(visible_fraction) >= self.min_visible_fraction)


def build_synhead_plus(
    source: str | Path,
    out: str | Path,
    convention: str = "biwi+",
    rule: VisibleFaceRule | None = None,
    overwrite: bool = False,
) -> Manifest:
    """Write SynHead+ as a manifest over the shards of a SynHead dataset; no picture is copied.

    Parameters
    ----------
    source : path
        Folder of a SynHead dataset.
    out : path
        Folder to make.
    convention : str
        Euler convention the labels are restated in.
    rule : VisibleFaceRule, optional
        Which frames are kept.
    overwrite : bool
        Replace what is there.

    Raises
    ------
    ManifestError
        No frame passes the rule.
    OutputExistsError
        `out` is there and `overwrite` is false.
    """
    rule = rule or VisibleFaceRule()
    get_convention(convention)
    dataset = open_dataset(source)
    kept = rule.select(dataset.read("points5_visibility"), dataset.read("visible_fraction"))
    if not kept.any():
        raise ManifestError(f"{source}: none of the {len(dataset)} frames shows a face under {rule}; loosen the rule")
    with new_dataset_folder(out, overwrite, reads=(dataset,)) as folder:
        entries = select_entries(dataset, np.flatnonzero(kept), folder)
        manifest = _manifest(dataset, convention, rule, entries)
        finish_dataset(folder, manifest)
    return manifest


def _manifest(dataset: Dataset, convention: str, rule: VisibleFaceRule, entries: tuple[ShardEntry, ...]) -> Manifest:
    config = {
        "command": "convert-euler",
        "min_visible_points": rule.min_visible_points,
        "min_visible_fraction": rule.min_visible_fraction,
    }
    return replace(
        dataset.manifest,
        kind="SynHead+",
        convention=convention,
        shards=entries,
        config=config,
        parents=(parent_of(dataset),),
    )
