"""What a detector is made of, and what it is taught: frozen values, checked, that go to JSON and back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from synhead_tools.errors import TrainingError, UnknownNameError
from synhead_tools.learning.detection import DETECTOR_BACKBONES
from synhead_tools.learning.detection.anchors import STRIDES
from synhead_tools.learning.detection.fpn import TOP_DOWN
from synhead_tools.learning.detection.settings import Settings, choice, number


@dataclass(frozen=True)
class DetectorConfig(Settings):
    """The network.

    Parameters
    ----------
    backbone, backbone_width : str, int
        A name of `DETECTOR_BACKBONES`; channels of its first stage (64 as published, 8 for MobileNet-0.25).
    channels : int
        Of the pyramid and the context modules, a multiple of 4.
    slope : float
        Of LeakyReLU in pyramid and context modules, 0 for ReLU.
    finest_stride : int
        The finest level that is used: 4, or coarser for a detector that looks for no small faces.
    top_down : str
        See `synhead_tools.learning.detection.fpn.FeaturePyramid`.
    deformable, cascade : bool
        Whether 3x3 convolutions of pyramid and context modules are deformable; whether there is a second head.
    shared_outputs : bool
        Whether the 1x1 output convolutions are the same on all levels (paper) or not (released code).
    mesh_vertices : int
        Vertices of the mesh branch; 1024 is the face mesh of `synhead_tools.heads.face_mesh`, 0 leaves the branch out.
    mesh_rank : int
        Numbers from which the mesh is composed linearly, in the manner of a shape model; 0 connects features with
        vertices directly, as published, which takes channels x 3 x vertices x 3 weights.
    """

    backbone: str = "resnet50"
    backbone_width: int = number(64, 1, 512)
    channels: int = number(256, 4, 1024)
    slope: float = number(0.0, 0.0, 1.0)
    finest_stride: int = number(4, 4, 64)
    top_down: str = choice(*TOP_DOWN)
    deformable: bool = True
    cascade: bool = True
    shared_outputs: bool = True
    mesh_vertices: int = number(1024, 0, 100_000)
    mesh_rank: int = number(0, 0, 4096)

    def __post_init__(self) -> None:
        super().__post_init__()
        DETECTOR_BACKBONES[self.backbone]  # UnknownNameError lists the known ones
        if self.channels % 4:
            raise TrainingError(f"channels = {self.channels} must be a multiple of 4")
        if self.finest_stride not in STRIDES[:-1]:  # the coarsest level is made from a stage of its own
            known = ", ".join(map(str, STRIDES[:-1]))
            raise TrainingError(f"finest_stride = {self.finest_stride} must be one of {known}")

    @property
    def strides(self) -> tuple[int, ...]:
        """Strides of the levels that are used."""
        return STRIDES[STRIDES.index(self.finest_stride) :]


@dataclass(frozen=True)
class DetectionLossConfig(Settings):
    """Which anchors are taught what.

    Parameters
    ----------
    positive_iou, negative_iou : float
        Of the first head: an anchor stands for a face from the first, for background below the second.
    cascade_positive_iou, cascade_negative_iou : float
        The same of the second head, against the anchors that the first has moved.
    regression_iou : float
        From this overlap with a face on an anchor of the first head is taught box, points and mesh, also where it is
        not positive; at `positive_iou` or above it only positive ones are, as published.
    points_of_second : bool
        Whether points and mesh, which the first head gives, are also taught on anchors that stand for a face in the
        second head only. Short runs learn less so (docs/retinaface.md).
    force_best : bool
        See `synhead_tools.learning.detection.matching.match_anchors`; for the first head.
    negatives_per_positive : float
        Hard negatives per positive and picture; all others teach nothing.
    fewest_negatives : int
        Hard negatives of a picture that has fewer positives than they need.
    box_weight, point_weight, mesh_weight : float
        Lambda 1 to 3 of the paper.
    edge_weight : float
        Of the mesh's edge lengths beside its vertices.
    most_meshes : int
        Anchors of a batch whose mesh is compared, evenly spread over all that are taught one; 0 takes all. Anchors of
        one face teach nearly the same, and a mesh costs more than all else that is said of an anchor.
    smooth_l1_beta : float
        Where boxes' and points' loss goes from square to straight; 1/9 in the released code.
    """

    positive_iou: float = number(0.7, 0.0, 1.0)
    negative_iou: float = number(0.3, 0.0, 1.0)
    cascade_positive_iou: float = number(0.5, 0.0, 1.0)
    cascade_negative_iou: float = number(0.4, 0.0, 1.0)
    regression_iou: float = number(1.0, 0.0, 1.0)
    points_of_second: bool = False
    force_best: bool = False
    negatives_per_positive: float = number(3.0, 0.0, 1000.0)
    fewest_negatives: int = number(16, 0, 1_000_000)
    box_weight: float = number(0.25, 0.0, 1000.0)
    point_weight: float = number(0.1, 0.0, 1000.0)
    mesh_weight: float = number(0.01, 0.0, 1000.0)
    edge_weight: float = number(1.0, 0.0, 1000.0)
    most_meshes: int = number(0, 0, 1_000_000)
    smooth_l1_beta: float = number(1.0 / 9.0, 1e-6, 1000.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        for head in ("", "cascade_"):
            positive, negative = getattr(self, f"{head}positive_iou"), getattr(self, f"{head}negative_iou")
            if negative > positive:
                raise TrainingError(f"{head}negative_iou = {negative} must not exceed {head}positive_iou = {positive}")


_SMALL_LOSSES = DetectionLossConfig(regression_iou=0.5, force_best=True, mesh_weight=1.0)

PRESETS = {
    "resnet50": (DetectorConfig(), DetectionLossConfig()),
    "resnet152": (DetectorConfig(backbone="resnet152"), DetectionLossConfig()),
    "resnet18": (
        DetectorConfig(backbone="resnet18", backbone_width=32, channels=64, slope=0.1, deformable=False, mesh_rank=48),
        _SMALL_LOSSES,
    ),
    "mobilenet0.25": (
        DetectorConfig(
            backbone="mobilenet0.25", backbone_width=8, channels=64, slope=0.1, deformable=False, mesh_rank=48
        ),
        _SMALL_LOSSES,
    ),
}
"""Networks and their losses by name: ``resnet50`` and ``resnet152`` as published, the others for a CPU."""


def preset(name: str, **changes: object) -> tuple[DetectorConfig, DetectionLossConfig]:
    """A preset with some settings of its network changed.

    Raises
    ------
    UnknownNameError
        There is no such preset.
    TrainingError
        A change is unknown or not allowed.
    """
    if name not in PRESETS:
        raise UnknownNameError(f"unknown detector {name!r:.60}; known: {', '.join(PRESETS)}")
    network, losses = PRESETS[name]
    DetectorConfig.from_dict(dict(changes))  # names a setting that is unknown
    return replace(network, **changes), losses
