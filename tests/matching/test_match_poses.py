import numpy as np
import pytest

from synhead_tools.errors import ManifestError
from synhead_tools.formats.open import open_any
from synhead_tools.geometry.compiled_points import way_of_indices
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.geometry.pose_laws import biwi_like_rotations, uniform_rotations
from synhead_tools.matching import match_poses as module
from synhead_tools.matching.in_plane import best_turn_deg, turn_about_optical_axis
from synhead_tools.matching.match_poses import ALL_HEADS, MODES, match_poses

HEADS = np.array([b"m02", b"f01", b"m01"])


def _set(n, seed):
    rng = np.random.default_rng(seed)
    return uniform_rotations(n, rng), rng.choice(HEADS, n)


def _residuals(source, target, mode):
    if mode == "in-plane":
        source = turn_about_optical_axis(best_turn_deg(source[None], target[:, None])) @ source[None]
    return geodesic_distance_deg(source, target[:, None])


@pytest.mark.parametrize("k", [1, 4])
@pytest.mark.parametrize("mode", MODES)
def test_per_head_equals_brute_force_head_by_head(mode, k):
    (source, heads), (target, _) = _set(90, 0), _set(25, 1)
    matches = match_poses(source, heads, target, mode=mode, k=k)
    residuals = _residuals(source, target, mode)
    assert matches.asked == (b"f01", b"m01", b"m02")
    assert len(matches) == 3 * 25 * k
    for i, head in enumerate(matches.asked):
        part = matches.take(slice(i * 25 * k, (i + 1) * 25 * k))
        assert (part.head_id == head).all()
        assert (heads[part.source] == head).all()
        assert (part.target == np.repeat(np.arange(25), k)).all()
        assert (part.rank == np.tile(np.arange(k), 25)).all()
        best = np.sort(residuals[:, heads == head], axis=1)[:, :k]
        assert np.abs(part.residual_deg.reshape(25, k) - best).max() < 1e-5
    turned = turn_about_optical_axis(matches.in_plane_deg) @ source[matches.source]
    assert np.abs(geodesic_distance_deg(turned, target[matches.target]) - matches.residual_deg).max() < 1e-5
    assert mode == "in-plane" or (matches.in_plane_deg == 0).all()


@pytest.mark.parametrize("grid", [False, True], ids=["random", "turned copies"])
@pytest.mark.parametrize("mode", MODES)
def test_compiled_loops_change_no_bit(mode, grid):
    pytest.importorskip("numba", reason="without numba there are no compiled loops")
    (source, heads), (target, _) = _set(900, 0), _set(250, 1)
    if grid:  # frames that share a viewing direction, and some that are the same
        source = turn_about_optical_axis(np.arange(900) // 90 * 45.0) @ source[np.arange(900) % 90]
    for k in (1, 70):
        both = []
        for way in ("scipy", "compiled"):
            with way_of_indices(way):
                both.append(match_poses(source, heads, np.concatenate([target, source[:9]]), mode=mode, k=k))
        for name in ("source", "in_plane_deg", "residual_deg", "rank"):
            assert getattr(both[0], name).tobytes() == getattr(both[1], name).tobytes()


@pytest.mark.parametrize("mode", MODES)
def test_over_all_heads_the_nearest_of_any_is_taken(mode):
    (source, heads), (target, _) = _set(90, 0), _set(25, 1)
    matches = match_poses(source, heads, target, mode=mode, per_head=False)
    assert matches.asked == (ALL_HEADS,)
    assert (matches.head_id == heads[matches.source]).all()
    assert np.abs(matches.residual_deg - _residuals(source, target, mode).min(axis=1)).max() < 1e-5


def test_far_frames_are_no_matches_and_their_targets_are_listed():
    (source, heads), (target, _) = _set(60, 3), _set(40, 4)
    matches = match_poses(source, heads, target, k=3, max_residual_deg=15.0)
    residuals = _residuals(source, target, "in-plane")
    for head, unmatched in matches.unmatched().items():
        near = residuals[:, heads == head] <= 15.0
        assert unmatched.tolist() == np.flatnonzero(~near.any(axis=1)).tolist()
        assert (
            np.bincount(matches.target[matches.head_id == head], minlength=40).tolist()
            == near.sum(axis=1).clip(0, 3).tolist()
        )
    assert all(len(rows) for rows in matches.unmatched().values())
    none = match_poses(source, heads, target, max_residual_deg=0.0)
    assert len(none) == 0
    assert {head: len(rows) for head, rows in none.unmatched().items()} == dict.fromkeys(matches.asked, 40)


def test_heads_of_the_same_rotations_are_matched_once(monkeypatch):
    rng = np.random.default_rng(5)
    rotations, target = biwi_like_rotations(50, rng), biwi_like_rotations(20, rng)
    other = rotations.copy()
    other[7, 0, 0] = np.nextafter(other[7, 0, 0], 2)  # not quite the same
    source, heads = np.concatenate([rotations, rotations, other]), np.repeat(HEADS, 50)
    answers, match_frames = [], module._match_frames
    monkeypatch.setattr(module, "_match_frames", lambda *a, **o: answers.append(1) or match_frames(*a, **o))
    matches = match_poses(source, heads, target)
    assert len(answers) == 2
    alone = match_poses(rotations, np.full(50, b"x"), target)
    for start, head in ((0, b"m02"), (50, b"f01")):
        part = matches.take(matches.head_id == head)
        assert (part.source == start + alone.source).all()
        assert (part.residual_deg == alone.residual_deg).all()


def test_a_head_with_fewer_frames_than_asked_for_gives_all_it_has():
    source, target = uniform_rotations(5, np.random.default_rng(0)), uniform_rotations(3, np.random.default_rng(1))
    heads = np.array([b"m01", b"f01", b"m01", b"m01", b"m01"])
    matches = match_poses(source, heads, target, k=3)
    assert np.bincount(matches.target, minlength=3).tolist() == [4, 4, 4]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"mode": "nearest"}, "known: in-plane, so3"),
        ({"k": 0}, "at least 1"),
        ({"max_uses": 0}, "at least 1"),
        ({"max_residual_deg": float("nan")}, "0 or more"),
    ],
)
def test_options_out_of_range_are_refused(options, complaint):
    with pytest.raises(ManifestError, match=complaint):
        match_poses(np.eye(3)[None], [b"m01"], np.eye(3)[None], **options)


def test_a_row_that_is_not_finite_is_named():
    target = np.stack([np.eye(3), np.full((3, 3), np.nan)])
    with pytest.raises(ManifestError, match="target row 1 is not finite"):
        match_poses(np.eye(3)[None], [b"m01"], target)
    with pytest.raises(ManifestError, match="source has no rotations"):
        match_poses(np.zeros((0, 3, 3)), [], target)


@pytest.mark.parametrize("names", [[b"b", b"a"], [b"a", b"b", b"a", b"a", b"c", b"b"], [b"a"]])
def test_rows_of_heads_wherever_they_stand(names):
    heads = np.array(names)
    rows_of = module._rows_of_heads(heads)
    assert list(rows_of) == sorted(set(names))
    assert all(rows.tolist() == np.flatnonzero(heads == head).tolist() for head, rows in rows_of.items())


@pytest.mark.real
@pytest.mark.parametrize("mode", MODES)
def test_real_targets_against_as_many_frames_as_a_published_head_has(real_data, mode):
    target = open_any(real_data / "biwi_plus" / "Biwi_plus.npz").read("rotmat")
    source = biwi_like_rotations(51_096, np.random.default_rng(0))
    matches = match_poses(source, np.full(len(source), b"m01"), target, mode=mode)
    assert (matches.target == np.arange(15_678)).all()
    for row in range(0, 15_678, 131):
        if mode == "so3":
            every = geodesic_distance_deg(source, target[row])
        else:
            a, b = source[:, 2], target[row, 2]
            every = np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b), axis=1), a @ b))
        assert matches.source[row] == np.argmin(every)
        assert abs(matches.residual_deg[row] - every.min()) < 1e-6
