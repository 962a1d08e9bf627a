"""From one stretch of a plan of scenes to the columns of one shard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from synhead_tools.errors import HeadError
from synhead_tools.formats.sample import COLUMNS, FACES_MOST, OUTSIDE
from synhead_tools.formats.shard_image import PICTURE_CHUNK_ROWS
from synhead_tools.heads.expressions import express
from synhead_tools.heads.head import Head
from synhead_tools.heads.pose_neck import bent_head, neck_maps
from synhead_tools.rendering.annotate import face_area_px, point_columns, projected_points
from synhead_tools.rendering.backend import Backend, Frame, open_backend
from synhead_tools.rendering.background import Background
from synhead_tools.rendering.compiled_labels import neck_mover
from synhead_tools.rendering.cpu.finish import finished_picture
from synhead_tools.rendering.looks.wardrobe import Wardrobe
from synhead_tools.rendering.scene import Camera
from synhead_tools.rendering.scenes.canvas import Canvas
from synhead_tools.rendering.scenes.plan import Person, ScenePlan, SceneSetup
from synhead_tools.rendering.scenes.window import Window, window_of
from synhead_tools.rendering.visibility import seen_points, solid_surface

#: Columns of a face, without ``faces_``, and the points (K, 3) of a head they are of.
_POINTS = {"points5": "points5_m", "landmarks68": "landmarks68_m"}
_PICTURES = ("image", "alpha", "region", "instance")
_NO_PERSON_M = 1.0


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A person as drawn alone: through a window, with the camera of that window."""

    head: Head  # as it is at rest
    shape: Head  # with its expression and all it wears, the neck straight
    frame: Frame
    window: Window
    camera: Camera


@dataclass(frozen=True, eq=False)
class SceneRenderer:
    """Renders stretches of a plan of scenes with one backend: a `synhead_tools.formats.runs.workers.ShardMaker`.

    Parameters
    ----------
    plan : ScenePlan
    load : callable
        Head of a name at a level of detail.
    backend : Backend
    """

    plan: ScenePlan
    load: Callable[[str, int], Head]
    backend: Backend
    _wardrobes: dict[tuple[str, int], Wardrobe] = field(default_factory=dict)

    def blocks(
        self, start: int, stop: int, between: Callable[[], None] = lambda: None
    ) -> Iterator[dict[str, np.ndarray]]:
        """Render scenes `start` to ``stop - 1`` in blocks; `between` is called before each and may raise to stop."""
        for first in range(start, stop, PICTURE_CHUNK_ROWS):
            rows = []
            for index in range(first, min(first + PICTURE_CHUNK_ROWS, stop)):
                between()
                rows.append(self.scene(index))
            yield {name: np.stack([row[name] for row in rows]) for name in COLUMNS if name in rows[0]}

    def close(self) -> None:
        """Close the backend."""
        self.backend.close()

    def scene(self, index: int) -> dict[str, np.ndarray]:
        """Columns of one scene, in the types of the schema."""
        setup = self.plan.scene(index)
        canvas, faces = Canvas(*self.plan.width_height_px), _empty_faces()
        for number, person in enumerate(setup.people):
            drawn = self._draw(person, setup)
            seen = canvas.add(drawn.frame, drawn.window)
            for name, value in _face_values(person, drawn, seen, setup.camera).items():
                faces[f"faces_{name}"][number] = value
        return {
            **self._pictures(setup, canvas),
            **faces,
            **{name: np.asarray(value) for name, value in setup.values.items()},
            "intrinsics": setup.camera.intrinsics.copy(),
            "seed": np.uint64(setup.seed),
            "frame_id": np.int32(index),
            "faces_count": np.uint8(len(setup.people)),
        }

    def _draw(self, person: Person, setup: SceneSetup) -> _Drawn:
        head = self.load(person.head_name, person.detail)
        shape, values = express(head, person.expression), person.values
        for look in self.plan.personal_looks:
            values = look.for_head(values, head)
        dressed = self._wardrobe(person).dress(shape, values)
        rotmat, place_m = person.rotmat, person.translation_m
        arc = neck_maps([head], [rotmat], person.body_follow)[0]
        bent = bent_head(dressed, arc, neck_mover())
        box = point_columns(shape, rotmat[None], place_m[None], setup.camera.intrinsics[None])["tight_face_box_xyxy"][0]
        window = window_of(bent, box, rotmat, place_m, setup.camera)
        camera = window.camera(setup.camera)
        frame = self.backend.render(bent, rotmat, place_m, camera, setup.lighting)
        return _Drawn(head, dressed, frame, window, camera)

    def _wardrobe(self, person: Person) -> Wardrobe:
        key = (person.head_name, person.detail)
        if key not in self._wardrobes:
            while len(self._wardrobes) >= 16:
                del self._wardrobes[next(iter(self._wardrobes))]
            self._wardrobes[key] = Wardrobe(self.plan.personal_looks)
        return self._wardrobes[key]

    def _pictures(self, setup: SceneSetup, canvas: Canvas) -> dict[str, np.ndarray]:
        plan = self.plan
        distance_m = float(setup.people[0].translation_m[2]) if setup.people else _NO_PERSON_M
        picture, file = finished_picture(
            canvas.frame(), setup.camera, distance_m, setup.seed, setup.values, plan.picture_looks,
            plan.lighting, plan.background,
        )  # fmt: skip
        columns = {"image": picture.image, "alpha": picture.alpha, "region": canvas.region, "instance": canvas.instance}
        if plan.background is not None and Background.parse(plan.background).is_file:
            columns["background_file"] = np.array(file.encode("utf-8", "surrogateescape"), "S64")
        return columns


def _face_values(person: Person, drawn: _Drawn, seen: Frame, camera: Camera) -> dict[str, np.ndarray]:
    """Labels of one face, by column without ``faces_``; `camera` is that of the scene."""
    pose = (person.rotmat, person.translation_m)
    arrays = (person.rotmat[None], person.translation_m[None], drawn.camera.intrinsics[None])
    in_window = point_columns(drawn.shape, *arrays)
    corner = np.array([drawn.window.left, drawn.window.top], np.float32)
    values = {"box_xyxy": in_window["tight_face_box_xyxy"][0] + np.tile(corner, 2)}
    for name, points_m in _POINTS.items():
        points, solid = in_window[name][0], solid_surface(drawn.head, getattr(drawn.head, points_m))
        visibility = seen_points(points, seen, drawn.shape, solid, pose, drawn.camera)
        values[name] = points + np.append(corner, 0).astype(np.float32)
        values[f"{name}_visibility"] = np.where(_inside(values[name], camera), visibility, OUTSIDE)
    mesh = projected_points(drawn.shape.face_mesh_m, *arrays[:2], camera.intrinsics[None])[0]
    alone, shown = (face_area_px(frame, drawn.head, *pose, drawn.camera) for frame in (drawn.frame, seen))
    return {
        **values,
        "mesh": mesh.astype(np.float32),
        "shown_fraction": np.float32(shown / alone if alone else 0.0),
        "head_id": drawn.head.name.encode("utf-8"),
        "seed": np.uint64(person.seed),
        "rotmat": person.rotmat,
        "translation_m": person.translation_m,
        "expression_coefficients": person.expression,
    }


def _inside(points: np.ndarray, camera: Camera) -> np.ndarray:
    x, y = points[:, 0], points[:, 1]
    return (x >= 0) & (x < camera.width_px) & (y >= 0) & (y < camera.height_px)


def _empty_faces() -> dict[str, np.ndarray]:
    names = [name for name in COLUMNS if name.startswith("faces_") and COLUMNS[name].shape_tail[:1] == (FACES_MOST,)]
    return {name: np.zeros(COLUMNS[name].shape_tail, COLUMNS[name].dtype) for name in names}


@dataclass(frozen=True, eq=False)
class SceneOpening:
    """What a process needs to render any scene of a run. It goes to each process once, not with each task.

    Attributes
    ----------
    plan : ScenePlan
        With a backend of a definite name.
    heads : mapping of str to Head or None
        Heads that are not the library's, at whatever detail.
    """

    plan: ScenePlan
    heads: Mapping[str, Head] | None = None

    def open(self) -> SceneRenderer:
        """Open the backend in this process; whoever asked closes it."""
        backend = open_backend(self.plan.backend, samples_per_axis=self.plan.samples_per_axis)
        return SceneRenderer(self.plan, self.load, backend)

    def load(self, name: str, detail: int) -> Head:
        """Return a head of the plan.

        Raises
        ------
        HeadError
            It cannot be read, or was imported: such heads have no face mesh.
        """
        from synhead_tools.heads.library import load_head

        head = self.heads[name] if self.heads and name in self.heads else load_head(name, detail)
        if head.face_mesh_m is None:
            raise HeadError(f"head {name} is imported and has no face mesh; leave it out of scenes")
        return head
