"""Which matches are written: targets spread evenly, and no crop that shows a corner which was never rendered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synhead_tools.formats.dataset import Dataset
from synhead_tools.formats.sample import SampleSource
from synhead_tools.matching.margins import crop_stays_inside
from synhead_tools.matching.match_poses import Matches
from synhead_tools.matching.settings import MatchSettings
from synhead_tools.matching.turn_picture import principal_points, turn_boxes


@dataclass(frozen=True, eq=False)
class Choice:
    """What is written.

    Attributes
    ----------
    drawn : bool array, shape (n,)
        Which matches are.
    empty_corners : int or None
        How many matches of the chosen targets would show an empty corner; None where nobody can tell, for want of
        face boxes or of the pictures' size.
    """

    drawn: np.ndarray
    empty_corners: int | None


def choose(matches: Matches, source: SampleSource, settings: MatchSettings) -> Choice:
    """Choose the matches that become samples."""
    chosen = np.isin(matches.target, chosen_targets(matches.n_targets, settings.max_targets))
    inside = _crops_inside(matches.take(chosen), source, settings.crop_to_box)
    if inside is None:
        return Choice(chosen, None)
    drawn = chosen.copy()
    if not settings.keep_corners:
        drawn[chosen] = inside
    return Choice(drawn, int((~inside).sum()))


def chosen_targets(n_targets: int, max_targets: int | None) -> np.ndarray:
    """Rows of the targets that are written: all, or so many spread evenly."""
    if max_targets is None or max_targets >= n_targets:
        return np.arange(n_targets)
    return np.linspace(0, n_targets - 1, max_targets).round().astype(int)


def picture_size_px(source: SampleSource) -> tuple[int, int] | None:
    """Width and height of a dataset's pictures; None without any, or where its manifest does not say it."""
    if isinstance(source, Dataset) and source.manifest.image:
        size = source.manifest.image.get("width"), source.manifest.image.get("height")
        return None if None in size else size
    if "image" not in source.columns:
        return None
    height, width = source.read("image", [0]).shape[1:3]
    return width, height


def _crops_inside(matches: Matches, source: SampleSource, crop_to_box: float) -> np.ndarray | None:
    size_px = picture_size_px(source)
    if size_px is None or "face_box_xyxy" not in source.columns:
        return None
    frames, place = np.unique(matches.source, return_inverse=True)
    names = [name for name in ("rotmat", "intrinsics", "face_box_xyxy") if name in source.columns]
    columns = {name: source.read(name, frames)[place] for name in names}
    principal = principal_points(columns, size_px)
    box = turn_boxes(columns["face_box_xyxy"], matches.in_plane_deg, principal)
    return crop_stays_inside(box, matches.in_plane_deg, principal, *size_px, crop_to_box)
