"""What everything that turns pictures of faces into rotations offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from synhead_tools.formats.sample import SampleSource

if TYPE_CHECKING:
    from synhead_tools.learning.pictures.data import DomainCrops


DESCRIPTION_KEYS = (
    "model", "licence", "crop", "input_px", "method", "steps", "initial_weights", "seed", "random_background",
    "augmentation", "training_data", "recipe", "target_images_used_for_training",
    "target_labels_used_for_training_or_matching",
)  # fmt: skip
"""What `PoseEstimator.describe` tells, in this order. ``recipe`` stands for all settings that the others leave out."""


@runtime_checkable
class PoseEstimator(Protocol):
    """Pictures with face boxes to rotations in the camera frame, whatever computes them.

    Attributes
    ----------
    crop_px : int
        Side of the crops it wants stored, pixels.
    crop_margin : float
        Side of a stored crop over the longer side of the face box. What it looks at may be less, may be shifted, and
        may be stretched: `read_crops` and `crop_pictures` know, so let them cut.
    ray_frame : bool
        Whether what it computes is the rotation against the ray through the middle of the crop.
    """

    @property
    def crop_px(self) -> int: ...  # noqa: D102

    @property
    def crop_margin(self) -> float: ...  # noqa: D102

    @property
    def ray_frame(self) -> bool: ...  # noqa: D102

    def read_crops(self, source: SampleSource, **options: Any) -> DomainCrops:
        """Crops of a dataset, cut as it needs them; options of `synhead_tools.learning.pictures.data.read_crops`."""
        ...

    def crop_pictures(
        self, pictures: Sequence[np.ndarray], face_box_xyxy: np.ndarray, *, intrinsics: np.ndarray | None = None
    ) -> DomainCrops:
        """Crops of pictures (H, W, 3) uint8 RGB in memory, one face box (4,) xyxy in pixels each."""
        ...

    def predict(self, crops: DomainCrops, *, flip_average: bool = False, ray_rule: bool = True) -> np.ndarray:
        """Rotations R_head_to_camera (N, 3, 3).

        Parameters
        ----------
        crops : DomainCrops
            Of `read_crops` or `crop_pictures`.
        flip_average : bool
            Answer midway between the picture's and its mirror image's answers.
        ray_rule : bool
            Turn answers from the crop's ray to the optical axis, where they are against the ray and intrinsics are
            known.
        """
        ...

    def applies_ray_rule(self, crops: DomainCrops, ray_rule: bool = True) -> bool:
        """Whether `predict` turns its answers for these crops."""
        ...

    def describe(self) -> dict[str, Any]:
        """What its scores depend on, for the protocol: plain values.

        The keys are `DESCRIPTION_KEYS`, the values None where it is not known. Estimators that differ in ``seed`` alone
        are runs of one recipe.
        """
        ...
