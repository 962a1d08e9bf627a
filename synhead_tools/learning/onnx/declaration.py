"""How foreign ONNX models are to be asked, and what their answers mean: one frozen value, and a small TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from synhead_tools.errors import CheckpointError
from synhead_tools.geometry.conventions import EulerConvention, get_convention

OUTPUT_WIDTHS = MappingProxyType({"euler": 3, "rotmat": 9, "rot6d": 6, "quat_xyzw": 4})
"""How many numbers per picture each kind of output has."""


@dataclass(frozen=True)
class OnnxDeclaration:
    """How one model, or several whose answers are averaged, are asked; docs/onnx-models.md has the file.

    Parameters
    ----------
    name : str
        For tables of scores.
    files : tuple of str
        ONNX files in the folder of the declaration, or below it.
    size_px : int
        Side of the input.
    kind : str
        Kind of the output, a name of `OUTPUT_WIDTHS`.
    average : str
        What is averaged over several files: ``rotations``, or ``outputs``, the numbers as they come out.
    source, licence : str
        Where the model is from, and what may be done with it.
    input_name : str
        Of the model's input; empty for its only one.
    layout, channels : str
        ``NCHW`` or ``NHWC``; ``RGB`` or ``BGR``.
    scale, mean, std : float and tuples of 3 float
        The input is (scale * value - mean) / std of values 0 to 255; mean and std in the order of `channels`.
    batch : int
        Pictures per pass; 0 leaves it to the model.
    crop_scale, crop_shape, crop_shift : float, str, tuple of 2 float
        Side of the crop over that of the face box; ``square`` about the longer side, or ``stretched`` to a square;
        shift of its middle to the right and down, in sides of the box.
    output_names : tuple of str
        Outputs to read, put one after the other; empty for the only one.
    convention : str
        Name or spec of the Euler convention of angles; matrices, 6D and quaternions take their frame from it. Empty
        for the frame of synhead, which angles may not be.
    order, unit : tuple of str, str
        Where angles come in another order or unit than the convention writes; empty where not.
    vectors : str
        Of 6D: the first two ``columns`` or the first two ``rows`` of the matrix.
    frame : str
        ``camera``, or ``ray`` for rotations against the ray through the middle of the crop.
    training : mapping
        What is known of its training, for the protocol; names as in `PoseEstimator.describe`.

    Raises
    ------
    CheckpointError
        The convention does not exist or does not fit the output.
    """

    name: str
    files: tuple[str, ...]
    size_px: int
    kind: str
    average: str = "rotations"
    source: str = ""
    licence: str = ""
    input_name: str = ""
    layout: str = "NCHW"
    channels: str = "RGB"
    scale: float = 1.0
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    batch: int = 0
    crop_scale: float = 1.0
    crop_shape: str = "square"
    crop_shift: tuple[float, float] = (0.0, 0.0)
    output_names: tuple[str, ...] = ()
    convention: str = ""
    order: tuple[str, ...] = ()
    unit: str = ""
    vectors: str = "columns"
    frame: str = "camera"
    training: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        angles = self.kind == "euler"
        if angles and not self.convention:
            raise CheckpointError("output.convention is missing; angles mean nothing without it, say hopenet or a spec")
        if (self.order or self.unit) and not angles:
            raise CheckpointError(f"output.order and output.unit are of angles, but output.kind is {self.kind}")
        if self.average == "outputs" and self.kind not in ("euler", "rot6d"):
            raise CheckpointError(f"average = 'outputs' makes no rotation of {self.kind}; say 'rotations'")
        if self.vectors != "columns" and self.kind != "rot6d":
            raise CheckpointError(f"output.vectors is of rot6d, but output.kind is {self.kind}")
        _ = self.euler_convention

    @property
    def euler_convention(self) -> EulerConvention:
        """The convention of the output, in the order and unit in which it comes.

        Raises
        ------
        UnknownNameError, ConventionError
            There is no such convention, it has no angles, or `order` names others than it has.
        """
        convention = get_convention(self.convention or "biwi+")
        if self.kind != "euler":
            return convention
        convention.require_angles()
        return replace(convention, order=self.order or convention.order, unit=self.unit or convention.unit)

    @property
    def crop_rule(self) -> str:
        """The crop in words, for the protocol."""
        shift = "" if self.crop_shift == (0.0, 0.0) else ", shifted by {:g}, {:g} box sides".format(*self.crop_shift)
        return f"face box x {self.crop_scale:g}, {self.crop_shape}{shift}"
