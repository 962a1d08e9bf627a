"""Pictures with annotated faces (WIDER FACE, iBUG) as samples for the detector."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from synhead_tools.formats.datasets.label_columns import load_picture
from synhead_tools.formats.face_annotations.annotations import FaceAnnotations
from synhead_tools.learning.detection.scene_sample import SceneSample, check_sample


class AnnotatedPictures:
    """Pictures of a folder with the faces that a file says are in them, read when asked for: a `SceneSource`.

    Parameters
    ----------
    annotations : FaceAnnotations
    folder : path
        What the names of pictures are relative to.

    Raises
    ------
    LabelFormatError
        From ``self[index]``: the picture is missing or damaged.
    """

    def __init__(self, annotations: FaceAnnotations, folder: str | Path) -> None:
        self.annotations, self._folder = annotations, Path(folder)

    def __len__(self) -> int:
        return len(self.annotations)

    def __getitem__(self, index: int) -> SceneSample:
        faces = self.annotations.pictures[index]
        known = np.isfinite(faces.points5).all(axis=-1)
        sample = SceneSample(
            image=load_picture(self._folder / faces.name),
            boxes_xyxy=faces.boxes_xyxy,
            ignored=faces.ignored,
            points5=faces.points5,
            points5_visibility=np.where(known, 2, 0).astype(np.uint8),
            landmarks68=faces.landmarks68,
        )
        return check_sample(sample, faces.name)

    def describe(self) -> dict[str, object]:
        """What a record of training says about them."""
        return {"dataset": self.annotations.path.name, "pictures": len(self)}
