import numpy as np
import pytest

from synhead_tools.errors import HeadError
from synhead_tools.heads.assets import load_geometry
from synhead_tools.heads.build import build_head
from synhead_tools.heads.bust import DETAILS, subdivided
from synhead_tools.heads.library import load_head, load_recipe


@pytest.fixture(scope="module")
def levels():
    return [build_head(load_recipe("m05"), "m05", detail) for detail in DETAILS]


def distances_m(points, part, steps=8):
    """Distance from each point to a part's surface, by dense barycentric samples of the triangles near it."""
    corners = part.vertices_m.astype(float)[part.triangles]
    u, v = (axis.ravel() / steps for axis in np.meshgrid(np.arange(steps + 1), np.arange(steps + 1)))
    weights = np.stack([u, v, 1 - u - v], axis=1)[u + v <= 1]
    found = []
    for point in points:
        near = corners[np.argsort(np.linalg.norm(corners.mean(axis=1) - point, axis=1))[:24]]
        found.append(np.linalg.norm(np.einsum("sk,tkx->tsx", weights, near) - point, axis=-1).min())
    return np.array(found)


def test_finer_levels_have_four_times_the_triangles(levels):
    counts = [len(head.part("skin").triangles) for head in levels]
    assert counts[0] < 12000
    for coarse, fine in zip(counts, counts[1:], strict=False):
        assert 3.2 < fine / coarse < 4.4


def test_landmarks_are_the_same_at_all_levels_and_on_all_of_them(levels):
    for head in levels:
        assert np.array_equal(head.landmarks68_m, levels[1].landmarks68_m)
        assert np.array_equal(head.points5_m, levels[1].points5_m)
        assert distances_m(head.landmarks68_m, head.part("skin")).max() < 3e-4


def test_levels_are_of_the_skin_not_of_what_rides_on_it(levels):
    for head in levels:
        for part in head.parts:
            if part.name in ("eyes", "brows", "lashes"):
                assert part.vertices_m.tobytes() == levels[1].part(part.name).vertices_m.tobytes()


def test_regions_agree_between_levels(levels):
    fine = levels[2].part("skin")
    area = []
    for head in levels:
        part = head.part("skin")
        a, b, c = np.moveaxis(part.vertices_m.astype(float)[part.triangles], 1, 0)
        size = np.linalg.norm(np.cross(b - a, c - a), axis=1)
        area.append(np.bincount(part.triangle_region, size, minlength=16) / size.sum())
    assert set(np.flatnonzero(area[0])) == set(np.flatnonzero(area[2])) == set(np.unique(fine.triangle_region))
    assert np.abs(area[0] - area[2]).max() < 0.02
    assert np.abs(area[1] - area[2]).max() < 0.005


def test_the_cage_is_not_what_level_zero_shows():
    rest = load_geometry().vertices_dm
    coarse, fine = (subdivided(detail)[0] @ rest for detail in (0, 1))
    assert np.array_equal(coarse, fine[: len(rest)])
    assert np.abs(coarse - rest).max() > 0.01


def test_an_unknown_level_is_named():
    with pytest.raises(HeadError, match="3"):
        load_head("f01", 3)
