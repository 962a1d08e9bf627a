"""How many people a scene has, how large their faces are and where: a law that looks like photographs of people.

Most pictures show few people; where many are, faces are small, and those of one picture are of like size. Sizes are
spread evenly over their logarithm, so that a detector meets every size equally often.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synhead_tools.geometry.boxes import FACE_BOX_CENTRE_M, FACE_BOX_SIDE_M

#: Share of scenes without anybody, where that is allowed.
EMPTY_SHARE = 0.06
#: Standard deviation of the log of a face's size about that of its scene.
SIZE_SPREAD = 0.45
#: At least this share of a face box, along each side, lies in the picture.
INSIDE_SHARE = 0.7
#: Two face boxes may cover this share of the smaller one.
OVERLAP_SHARE = 0.5

_TRIES = 8


@dataclass(frozen=True)
class Place:
    """Where a face is.

    Attributes
    ----------
    centre_px : tuple of two floats
        Centre of its face box, x and y.
    side_px : float
        Side of the box, if it is straight before the camera.
    """

    centre_px: tuple[float, float]
    side_px: float


def draw_places(
    rng: np.random.Generator,
    size_px: tuple[int, int],
    faces: tuple[int, int],
    face_px: tuple[float, float],
) -> list[Place]:
    """Draw the faces of one scene, the largest (nearest) first.

    Parameters
    ----------
    rng : numpy.random.Generator
        Equal states give equal scenes.
    size_px : tuple of two int
        Width and height of the picture.
    faces : tuple of two int
        Fewest and most faces. Where boxes would cover each other too much, one that was drawn is left out, though
        never below the fewest.
    face_px : tuple of two floats
        Smallest and largest side of a face box.
    """
    wanted = _draw_count(rng, *faces)
    low, high = face_px
    # a crowd has to fit: the more there are, the smaller the largest
    roof = max(low, min(high, 0.9 * min(size_px) / max(wanted, 1) ** 0.4))
    scene_px = float(np.exp(rng.uniform(np.log(low), np.log(roof)))) if roof > low else low
    found: list[Place] = []
    for _ in range(wanted):
        factor = float(np.exp(SIZE_SPREAD * rng.normal()))
        side_px = float(np.clip(scene_px * factor, low, high))
        tries = rng.uniform(-1, 1, (_TRIES, 2))
        places = [_place(size_px, side_px, shares) for shares in tries]
        free = [place for place in places if all(_overlap(place, other) <= OVERLAP_SHARE for other in found)]
        if free or len(found) < faces[0]:
            found.append((free or places)[0])
    return sorted(found, key=lambda place: -place.side_px)


def _draw_count(rng: np.random.Generator, fewest: int, most: int) -> int:
    """Numbers k with weights 1 / k, and none at all in `EMPTY_SHARE` of the scenes."""
    empty, share = rng.random(2)
    if fewest == 0 and (most == 0 or empty < EMPTY_SHARE):
        return 0
    numbers = np.arange(max(fewest, 1), most + 1)
    return int(numbers[np.searchsorted(np.cumsum(1 / numbers), share * (1 / numbers).sum())])


def _place(size_px: tuple[int, int], side_px: float, shares: np.ndarray) -> Place:
    centre = []
    for length, share in zip(size_px, shares, strict=True):
        room = max(length / 2 - (INSIDE_SHARE - 0.5) * side_px, 0.0)
        centre.append(length / 2 + float(share) * room)
    return Place((centre[0], centre[1]), side_px)


def _overlap(one: Place, other: Place) -> float:
    """Common area of two boxes over that of the smaller one."""
    sides = [
        min(a + one.side_px / 2, b + other.side_px / 2) - max(a - one.side_px / 2, b - other.side_px / 2)
        for a, b in zip(one.centre_px, other.centre_px, strict=True)
    ]
    return max(sides[0], 0.0) * max(sides[1], 0.0) / min(one.side_px, other.side_px) ** 2


def position_m(place: Place, rotmat: np.ndarray, focal_px: float, principal_px: tuple[float, float]) -> np.ndarray:
    """Position (3,) of a head's origin, camera frame, at which the centre of its face box is seen at `place`.

    Parameters
    ----------
    place : Place
    rotmat : (3, 3) array
        R_head_to_camera.
    focal_px, principal_px : float, tuple of two floats
        Of the camera.
    """
    distance_m = focal_px * FACE_BOX_SIDE_M / place.side_px
    centre_m = [float((row * FACE_BOX_CENTRE_M).sum()) for row in np.asarray(rotmat, np.float64)]
    depth_m = distance_m + centre_m[2]
    x, y = ((at - middle) / focal_px * depth_m for at, middle in zip(place.centre_px, principal_px, strict=True))
    return np.array([x - centre_m[0], y - centre_m[1], distance_m])
