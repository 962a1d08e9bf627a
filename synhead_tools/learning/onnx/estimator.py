"""Foreign ONNX models as a `PoseEstimator`, asked as their declaration says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.errors import CheckpointError, TrainingError
from synhead_tools.formats.sample import SampleSource
from synhead_tools.geometry.mean_rotation import mean_rotmat
from synhead_tools.geometry.rays import from_ray_frame
from synhead_tools.learning.onnx.declaration import OnnxDeclaration
from synhead_tools.learning.onnx.declaration_file import read_declaration
from synhead_tools.learning.onnx.model import OnnxModel
from synhead_tools.learning.pictures.backgrounds import MID_GREY
from synhead_tools.learning.pictures.crops import ruled_crop_xyxy
from synhead_tools.learning.pictures.data import DomainCrops, crop_pictures, read_crops
from synhead_tools.learning.pose_estimator import DESCRIPTION_KEYS
from synhead_tools.learning.predict import MIRROR
from synhead_tools.learning.rotation_outputs import rotmat_of_outputs

_LARGEST_BATCH, _BATCH_VALUES = 64, 1 << 24


class OnnxEstimator:
    """Pictures with face boxes to rotations, by ONNX models; computes on the CPU.

    Parameters
    ----------
    declaration : OnnxDeclaration
        How the models are asked, and what their answers mean.
    folder : path
        Where their files are.

    Raises
    ------
    CheckpointError
        A model cannot be used, or takes other pictures than the declaration says.
    """

    def __init__(self, declaration: OnnxDeclaration, folder: str | Path) -> None:
        self.declaration = declaration
        paths = [Path(folder) / name for name in declaration.files]
        for path in paths:
            if not path.exists():
                raise CheckpointError(
                    f"{path} is missing; put it beside the declaration of {declaration.name}, or name its folder with "
                    "--onnx-folder"
                )
        self._models = [OnnxModel(path, declaration.input_name, declaration.output_names) for path in paths]
        for model in self._models:
            self._check_input(model)

    @classmethod
    def load(cls, path: str | Path, folder: str | Path | None = None) -> OnnxEstimator:
        """The estimator that a TOML file declares, or the .onnx beside such a file of the same name.

        Parameters
        ----------
        path : path
        folder : path, optional
            Where the ONNX files are; by default beside the declaration.

        Raises
        ------
        CheckpointError
            The declaration or a model cannot be used.
        """
        path = Path(path)
        if path.suffix == ".onnx":
            onnx_name, path = path.name, path.with_suffix(".toml")
            if not path.is_file():
                raise CheckpointError(f"{path} is missing; docs/onnx-models.md says what it must say of {onnx_name}")
            if onnx_name not in read_declaration(path).files:
                raise CheckpointError(f"{path} does not declare {onnx_name}; give the .toml of that model")
        return cls(read_declaration(path), path.parent if folder is None else folder)

    @property
    def crop_px(self) -> int:
        """Side of the crops to store, pixels: that of the input."""
        return self.declaration.size_px

    @property
    def crop_margin(self) -> float:
        """Side of a crop over that of the face box."""
        return self.declaration.crop_scale

    @property
    def ray_frame(self) -> bool:
        """Whether answers are declared to be against the ray through the middle of the crop."""
        return self.declaration.frame == "ray"

    def read_crops(self, source: SampleSource, **options: Any) -> DomainCrops:
        """Crops of a dataset, cut as declared; options of `data.read_crops`."""
        return read_crops(source, self.crop_px, self.crop_margin, cut=self._cut, **options)

    def crop_pictures(
        self, pictures: Sequence[np.ndarray], face_box_xyxy: np.ndarray, *, intrinsics: np.ndarray | None = None
    ) -> DomainCrops:
        """Crops of pictures in memory, cut as declared; see `data.crop_pictures`."""
        return crop_pictures(
            pictures, face_box_xyxy, self.crop_px, self.crop_margin, intrinsics=intrinsics, cut=self._cut
        )

    def predict(self, crops: DomainCrops, *, flip_average: bool = False, ray_rule: bool = True) -> np.ndarray:
        """Rotations R_head_to_camera (N, 3, 3); see `PoseEstimator.predict`.

        Raises
        ------
        TrainingError
            The crops have another size than declared.
        CheckpointError
            A model fails, or does not answer as declared.
        """
        if crops.crop_px != self.crop_px:
            raise TrainingError(f"crops are {crops.crop_px} px wide, this estimator needs {self.crop_px} px")
        rotmat = self._answers(crops, mirrored=False)
        if flip_average:
            rotmat = mean_rotmat(np.stack([rotmat, MIRROR @ self._answers(crops, mirrored=True) @ MIRROR]))
        return from_ray_frame(rotmat, crops.ray_rotmat) if self.applies_ray_rule(crops, ray_rule) else rotmat

    def applies_ray_rule(self, crops: DomainCrops, ray_rule: bool = True) -> bool:
        """Whether `predict` turns its answers for these crops."""
        return ray_rule and self.ray_frame and crops.ray_rotmat is not None

    def describe(self) -> dict[str, Any]:
        """What scores depend on; see `PoseEstimator.describe`."""
        declaration, n = self.declaration, len(self._models)
        told = {
            **declaration.training,
            "model": f"{declaration.name}, mean of {n}" if n > 1 else declaration.name,
            "licence": declaration.licence or None,
            "crop": declaration.crop_rule,
            "input_px": declaration.size_px,
        }
        return {key: told.get(key) for key in DESCRIPTION_KEYS}

    def _cut(self, box_xyxy: np.ndarray) -> np.ndarray:
        declaration = self.declaration
        stretched = declaration.crop_shape == "stretched"
        return ruled_crop_xyxy(box_xyxy, declaration.crop_scale, declaration.crop_shift, stretched)

    def _check_input(self, model: OnnxModel) -> None:
        side = self.declaration.size_px
        wanted = (3, side, side) if self.declaration.layout == "NCHW" else (side, side, 3)
        shape = model.input_shape
        if len(shape) != 4 or any(got not in (None, want) for got, want in zip(shape[1:], wanted, strict=True)):
            raise CheckpointError(
                f"{model.path} takes pictures of shape {_shown(shape)}, its TOML file says {_shown((None, *wanted))}; "
                "mend input.size_px or input.layout"
            )
        declaration = self.declaration
        if model.takes_uint8 and (declaration.scale, *declaration.mean, *declaration.std) != (1, 0, 0, 0, 1, 1, 1):
            raise CheckpointError(
                f"{model.path} takes values 0 to 255; leave out input.scale, input.mean and input.std"
            )

    @property
    def _batch_size(self) -> int:
        """Pictures per pass of a model that takes any number."""
        return max(1, min(_LARGEST_BATCH, _BATCH_VALUES // (3 * self.crop_px**2)))

    def _answers(self, crops: DomainCrops, mirrored: bool) -> np.ndarray:
        """Rotations (N, 3, 3) as the models give them, averaged."""
        declaration = self.declaration
        outputs = []
        for model in self._models:
            size = declaration.batch or model.input_shape[0] or self._batch_size
            parts = [self._ask(model, crops, start, size, mirrored) for start in range(0, len(crops), size)]
            outputs.append(np.concatenate(parts))
        if declaration.average == "outputs":
            return rotmat_of_outputs(np.mean(outputs, axis=0), declaration, declaration.name)
        pairs = zip(outputs, self._models, strict=True)
        answers = [rotmat_of_outputs(values, declaration, str(model.path)) for values, model in pairs]
        return answers[0] if len(answers) == 1 else mean_rotmat(np.stack(answers))

    def _ask(self, model: OnnxModel, crops: DomainCrops, start: int, size: int, mirrored: bool) -> np.ndarray:
        """Outputs of up to `size` pictures from `start` on; a model of a fixed batch gets the last one filled up."""
        pictures = self._prepared(crops.pictures[start : start + size].cpu().numpy(), mirrored)
        n = len(pictures)
        if model.input_shape[0] and n < size:
            pictures = np.concatenate([pictures, np.repeat(pictures[-1:], size - n, axis=0)])
        return model.run(pictures)[:n]

    def _prepared(self, pictures: np.ndarray, mirrored: bool) -> np.ndarray:
        """The input (n, 3, S, S) or (n, S, S, 3), float32, of crops (n, S, S, 3 or 4) uint8."""
        declaration = self.declaration
        values = pictures[..., :3].astype(np.float32)
        if pictures.shape[-1] == 4:
            values += (255.0 - pictures[..., 3:].astype(np.float32)) * MID_GREY
        if mirrored:
            values = values[:, :, ::-1]
        if declaration.channels == "BGR":
            values = values[..., ::-1]
        mean, std = (np.asarray(of, np.float32) for of in (declaration.mean, declaration.std))
        values = (np.float32(declaration.scale) * values - mean) / std
        return np.ascontiguousarray(values.transpose(0, 3, 1, 2) if declaration.layout == "NCHW" else values)


def _shown(shape: tuple[int | None, ...]) -> str:
    return "x".join("?" if n is None else str(n) for n in shape)
