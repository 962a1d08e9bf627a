"""The ``cpu`` renderer: a software rasteriser compiled with numba. No OpenGL, the same bytes on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from synhead_tools.errors import BackendError
from synhead_tools.rendering.backend import NEAR_M, Frame, check_pose, check_samples_per_axis
from synhead_tools.rendering.cpu.pack import BLENDED, PackedHead, packed_as

try:
    import numba

    from synhead_tools.rendering.cpu.blend import draw_blended
    from synhead_tools.rendering.cpu.clip import clipped
    from synhead_tools.rendering.cpu.drawing import Lists, draw_samples, empty_lists
    from synhead_tools.rendering.cpu.packed_shape import PackedShape
    from synhead_tools.rendering.cpu.picture_room import PictureRoom
    from synhead_tools.rendering.cpu.resolve import resolve
    from synhead_tools.rendering.cpu.samples import Samples, empty_samples
    from synhead_tools.rendering.cpu.shade import HeadLighting, Lanes, empty_lanes
    from synhead_tools.rendering.cpu.surfaces import (
        MAX_SLOPE,
        PixelScratch,
        Surfaces,
        empty_surfaces,
        pixel_scratch,
    )
    from synhead_tools.rendering.cpu.transform import STEP, Places, grid_matrix, places, project_vertices
    from synhead_tools.rendering.cpu.turned_lighting import turned_lighting
except ImportError as error:
    raise BackendError(f"the cpu backend needs numba ({error}); pip install 'synhead-tools[cpu]'") from error

if TYPE_CHECKING:
    from synhead_tools.heads.head import Head
    from synhead_tools.rendering.scene import Camera, Lighting

#: Heads kept packed; a packed head with 1024-texel textures takes some 20 MB.
MAX_PACKED_HEADS = 16
# Surfaces shaded together: few enough to stay in the cache.
_SURFACES = 512


class _Room(NamedTuple):
    """Arrays to work in, kept from call to call while their sizes stay."""

    size: tuple
    places: Places
    samples: Samples
    lists: Lists
    pixel: PixelScratch
    surfaces: Surfaces
    lanes: Lanes


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
        self._packed: dict[int, PackedShape] = {}
        self._kept_room: _Room | None = None
        self._pictures = PictureRoom()
        self.description = f"cpu numba {numba.__version__}, {samples_per_axis}x{samples_per_axis} samples"

    def render(
        self, head: Head, rotmat: np.ndarray, translation_m: np.ndarray, camera: Camera, lighting: Lighting
    ) -> Frame:
        """Render one head at one pose; see `synhead_tools.rendering.backend.Backend`."""
        rotation, position = check_pose(rotmat, translation_m)
        packed, size = self._pack(head), self.samples_per_axis
        mesh, room = packed.mesh, self._room(packed.mesh, camera)
        matrix = grid_matrix(rotation, position, camera.intrinsics, size)
        *limits, unplaced = project_vertices(mesh.positions, matrix, NEAR_M, room.places)
        box, at, lists = _pixel_box(limits, camera, size), room.places, room.lists
        if unplaced:
            box = (0, camera.width_px, 0, camera.height_px)
            mesh, at = clipped(mesh, at, matrix, NEAR_M)
            lists = empty_lists(len(mesh.triangles))
        pictures = self._pictures.blank(camera.height_px, camera.width_px)
        if box[0] < box[1] and box[2] < box[3]:
            x, y, z = position.tolist()
            eye = (packed.is_rigid, *(np.float32(-(a * x + b * y + c * z)) for a, b, c in rotation.T.tolist()))
            rows = (box[2] * size, box[3] * size)
            draw_samples(mesh, at, packed.thresholds, eye, lists, room.samples, rows)
            # 1/focal is the size of a pixel at z = 1
            slope_limit = np.float32(MAX_SLOPE / camera.intrinsics[0, 0])
            light = HeadLighting(*turned_lighting(lighting, rotation, camera))
            scratch = (room.pixel, room.surfaces, room.lanes)
            resolve(mesh, at, light, room.samples, size, box, slope_limit, scratch, pictures)
            if mesh.group_first[BLENDED] < len(mesh.triangles):
                draw_blended(mesh, at, light, room.samples, size, lists, pictures)
        return Frame(pictures.image.reshape(*pictures.alpha.shape, 3), *pictures[1:])

    def close(self) -> None:
        """Forget the packed heads and the arrays to work in."""
        self._packed.clear()
        self._pictures.clear()
        self._kept_room = None

    def _pack(self, shape: Head) -> PackedShape:
        head = packed_as(shape)
        packed = self._packed.get(id(head))
        if packed is None:
            while len(self._packed) >= MAX_PACKED_HEADS:
                del self._packed[next(iter(self._packed))]
            packed = self._packed[id(head)] = PackedShape(head, self.samples_per_axis)
        packed.take_shape(shape.parts)
        return packed

    def _room(self, mesh: PackedHead, camera: Camera) -> _Room:
        width, height = camera.width_px * self.samples_per_axis, camera.height_px * self.samples_per_axis
        vertices, triangles = mesh.positions.shape[1], len(mesh.triangles)
        size = (vertices, triangles, width, height)
        if self._kept_room is None or self._kept_room.size != size:
            surfaces = _SURFACES + 2 * width * self.samples_per_axis
            self._kept_room = _Room(
                size,
                places(vertices),
                empty_samples(width, height),
                empty_lists(triangles),
                pixel_scratch(self.samples_per_axis**2, width),
                empty_surfaces(surfaces),
                empty_lanes(surfaces),
            )
        return self._kept_room


def _pixel_box(limits: list[int], camera: Camera, size: int) -> tuple[int, int, int, int]:
    """First column of pixels in a box of grid coordinates and the one after the last; the same of rows."""
    left, right, top, bottom = (int(limit) // (STEP * size) for limit in limits)
    width, height = camera.width_px, camera.height_px
    return max(left, 0), min(right + 1, width), max(top, 0), min(bottom + 1, height)
