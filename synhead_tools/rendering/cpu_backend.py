"""The ``cpu`` renderer: a software rasteriser compiled with numba. No OpenGL, the same bytes on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from synhead_tools.errors import BackendError
from synhead_tools.rendering.backend import NEAR_M, Frame, check_pose, check_samples_per_axis
from synhead_tools.rendering.mipmap import FULL
from synhead_tools.rendering.pack import CUTOFF, CUTOUT, PackedHead, pack_head, packed_as

try:
    import numba

    from synhead_tools.rendering.raster import nearness, project_vertices, put_vertices, rasterise
    from synhead_tools.rendering.resolve import MAX_SLOPE, Pictures, Samples, pixel_scratch, resolve
    from synhead_tools.rendering.shade import HeadLighting
except ImportError as error:
    raise BackendError(f"the cpu backend needs numba ({error}); pip install 'synhead-tools[cpu]'") from error

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head, Part
    from synhead_tools.rendering.scene import Camera, Lighting

# Rank of each sample's threshold: neighbours in the pixel are far apart, so that half coverage is no block.
_THRESHOLD_RANKS = {1: (0,), 4: (0, 2, 3, 1), 9: (0, 5, 7, 3, 8, 1, 6, 2, 4)}
_DITHER_RANKS = (0, 2, 3, 1)

#: Heads kept packed; a packed head with 1024-texel textures takes some 20 MB.
MAX_PACKED_HEADS = 16


class _Packed(NamedTuple):
    head: Head  # kept so that its id() cannot be given to another
    mesh: PackedHead
    thresholds: np.ndarray
    opaque: np.ndarray  # numbers of the opaque triangles, which come first
    drawn: list[Part]  # whose vertices `mesh` has at the moment

    def take_shape(self, parts: tuple[Part, ...]) -> None:
        """Put the vertices of these parts in where they are others than those that are there."""
        first = 0
        for number, part in enumerate(parts):
            if part is not self.drawn[number]:
                put_vertices(self.mesh.attributes, first, part.vertices_m, part.normals)
                self.drawn[number] = part
            first += len(part.vertices_m)


class CpuBackend:
    """Software rasteriser.

    Parameters
    ----------
    samples_per_axis : int
        1, 2 or 3: 1, 4 or 9 visibility samples per pixel. Coverage, and so alpha, is exact to one of them.
    """

    name = "cpu"

    def __init__(self, samples_per_axis: int = 2) -> None:
        self.samples_per_axis = check_samples_per_axis(samples_per_axis)
        self._packed: dict[int, _Packed] = {}
        self._work = pixel_scratch(samples_per_axis**2)
        self._scratch: tuple | None = None
        self.description = f"cpu numba {numba.__version__}, {samples_per_axis}x{samples_per_axis} samples"

    def render(
        self, head: Head, rotmat: np.ndarray, translation_m: np.ndarray, camera: Camera, lighting: Lighting
    ) -> Frame:
        """Render one head at one pose; see `synhead_tools.rendering.backend.Backend`."""
        rotation, position = check_pose(rotmat, translation_m)
        packed = self._pack(head)
        size = self.samples_per_axis
        samples = self._samples(len(packed.mesh.attributes), camera)
        place = (samples.grid_x, samples.grid_y, samples.inverse_z)
        attributes = packed.mesh.attributes
        project_vertices(attributes, rotation, position, camera.intrinsics, size, NEAR_M, *place)
        order = _drawing_order(packed, samples.inverse_z)
        rasterise(packed.mesh, order, size, packed.thresholds, *place, samples.depth, samples.shown)
        pictures = _blank_pictures(camera)
        # 1/focal is the size of a pixel at z = 1
        slope_limit = np.float32(MAX_SLOPE / camera.intrinsics[0, 0])
        light = _turn_lighting(lighting, rotation, camera)
        resolve(packed.mesh, light, samples, size, slope_limit, self._work, pictures)
        return Frame(*pictures)

    def close(self) -> None:
        """Forget the packed heads and the scratch arrays."""
        self._packed.clear()
        self._scratch = None

    def _pack(self, shape: Head) -> _Packed:
        head = packed_as(shape)
        packed = self._packed.get(id(head))
        if packed is None:
            while len(self._packed) >= MAX_PACKED_HEADS:
                del self._packed[next(iter(self._packed))]
            mesh = pack_head(head)
            thresholds = coverage_thresholds(mesh.material[:, CUTOFF], self.samples_per_axis**2)
            opaque = np.flatnonzero(mesh.material[mesh.triangle_part, CUTOUT] == 0).astype(np.int32)
            packed = self._packed[id(head)] = _Packed(head, mesh, thresholds, opaque, list(head.parts))
        packed.take_shape(shape.parts)
        return packed

    def _samples(self, vertices: int, camera: Camera) -> Samples:
        """Scratch arrays, kept from call to call while their sizes stay."""
        size = (vertices, camera.height_px * self.samples_per_axis, camera.width_px * self.samples_per_axis)
        if self._scratch is None or self._scratch[0] != size:
            places = (np.zeros(vertices, np.int32), np.zeros(vertices, np.int32), np.zeros(vertices, np.float32))
            samples = Samples(*places, np.zeros(size[1:], np.float32), np.zeros(size[1:], np.int32))
            self._scratch = (size, samples)
        return self._scratch[1]


def _drawing_order(packed: _Packed, inverse_z: np.ndarray) -> np.ndarray:
    """Opaque triangles, then the others from the front: each hidden sample of hair saves a look into its texture."""
    cutout = packed.mesh.triangles[len(packed.opaque) :]
    keys = np.zeros(len(cutout), np.uint16)  # 16 bits are sorted by radix, in a tenth of the time
    nearness(cutout, inverse_z, keys)
    behind = np.argsort(keys, kind="stable").astype(np.int32) + np.int32(len(packed.opaque))
    return np.concatenate([packed.opaque, behind])


def coverage_thresholds(cutoffs: np.ndarray, samples: int) -> np.ndarray:
    """Alpha above which each sample of a pixel shows a cutout part.

    Spread evenly for a cutoff of one half, so that coverage follows alpha; for another cutoff bent so that half of
    the samples still have a threshold below it. The four pixels of a 2 x 2 block differ by a quarter of a step, so
    that a slow fade shows no contours.

    Parameters
    ----------
    cutoffs : (P,) array
        Alpha cutoff of each part, 0 to 1.
    samples : int
        Samples per pixel: 1, 4 or 9.

    Returns
    -------
    (P, 4, samples) float32
        0 to 65535; the second axis is the pixel's place in its block, row by row.
    """
    dither = (np.array(_DITHER_RANKS)[:, None] + 0.5) / 4 if samples > 1 else np.full((4, 1), 0.5)
    even = (np.array(_THRESHOLD_RANKS[samples]) + dither) / samples
    cutoffs = np.asarray(cutoffs, np.float64)[:, None, None]
    bent = np.where(even < 0.5, 2 * even * cutoffs, cutoffs + (2 * even - 1) * (1 - cutoffs))
    return (bent * FULL).astype(np.float32)


def _blank_pictures(camera: Camera) -> Pictures:
    shape = (camera.height_px, camera.width_px)
    return Pictures(
        np.zeros((*shape, 3), np.uint8),
        np.zeros(shape, np.uint8),
        np.zeros(shape, np.uint8),
        np.zeros(shape, np.float32),
        np.full(shape, -1, np.int32),
    )


def _turn_lighting(lighting: Lighting, rotation: np.ndarray, camera: Camera) -> HeadLighting:
    """Lights and rays in the head frame: turning a few vectors back is cheaper than turning every normal."""
    (fx, skew, cx), (_, fy, cy) = camera.intrinsics[:2].tolist()
    # columns of the inverse of the intrinsics
    inverse = ((1 / fx, 0, 0), (-skew / (fx * fy), 1 / fy, 0), ((skew * cy / fy - cx) / fx, -cy / fy, 1))
    return HeadLighting(
        np.array([_into_head(rotation, n) for n in lighting.directions()], np.float32).reshape(-1, 3),
        lighting.colours(),
        np.array([_into_head(rotation, column) for column in inverse], np.float32).T.copy(),
        np.array(_into_head(rotation, (0, -1, 0)), np.float32),
        np.array([lighting.ambient_sky, lighting.ambient_ground], np.float32),
    )


def _into_head(rotation: np.ndarray, vector: Sequence[float]) -> list[float]:
    # Written out, since a matrix product may be summed in another order on another machine.
    x, y, z = (float(v) for v in vector)
    return [float(r[0]) * x + float(r[1]) * y + float(r[2]) * z for r in rotation.T]
