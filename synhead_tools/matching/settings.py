"""How a source is matched with a target: all that decides which frames are taken and what is written."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from synhead_tools.errors import ManifestError
from synhead_tools.matching.match_poses import MODES
from synhead_tools.matching.pose_frames import POSE_FRAMES


@dataclass(frozen=True)
class MatchSettings:
    """Settings of a match.

    Attributes
    ----------
    mode : str
        A key of `synhead_tools.matching.match_poses.MODES`.
    frame : str
        One of `synhead_tools.matching.pose_frames.POSE_FRAMES`.
    per_head : bool
        Match every target with every head, or once with the frames of all heads.
    nearest : int
        How many frames per target (and head).
    max_uses : int, optional
        How often one source frame may be used.
    max_residual_deg : float, optional
        Frames farther away than this are no matches.
    max_targets : int, optional
        Samples are written for so many targets, evenly spread; all are matched.
    labels_only : bool
        Write the labels of the turned frames and no pictures.
    keep_corners : bool
        Also write frames whose crop would show a corner that was never rendered.
    crop_to_box : float
        Side of that crop over the longer side of the face box.
    """

    mode: str = "in-plane"
    frame: str = "camera"
    per_head: bool = True
    nearest: int = 1
    max_uses: int | None = None
    max_residual_deg: float | None = None
    max_targets: int | None = None
    labels_only: bool = False
    keep_corners: bool = False
    crop_to_box: float = 1.0

    def __post_init__(self) -> None:
        for name, known in (("mode", tuple(MODES)), ("frame", POSE_FRAMES)):
            if getattr(self, name) not in known:
                raise ManifestError(f"{name} {getattr(self, name)!r} is unknown; known: {', '.join(known)}")
        for name in ("nearest", "max_uses", "max_targets"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ManifestError(f"{name} is {value}; give at least 1")
        if not 0.1 <= self.crop_to_box <= 20:
            raise ManifestError(f"crop_to_box is {self.crop_to_box}; give 0.1 to 20")

    def to_dict(self) -> dict[str, Any]:
        """The settings as JSON values."""
        return asdict(self)
