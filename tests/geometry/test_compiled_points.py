"""The compiled loops against NumPy and SciPy, to the last bit, and when they are used."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from synhead_tools.geometry import compiled_points
from synhead_tools.geometry.compiled_points import CompiledTree, kernels_for, surely_all_different, way_of_indices
from synhead_tools.geometry.direction_index import DirectionIndex
from synhead_tools.geometry.equal_rows import group_equal_rows
from synhead_tools.geometry.point_index import PointIndex
from synhead_tools.geometry.rotation_index import RotationIndex

pytest.importorskip("numba", reason="without numba there are no compiled loops")


@pytest.fixture(scope="module")
def kernels():
    with way_of_indices("compiled"):
        return kernels_for(0)


def _points(kind, count, axes, rng):
    """Distinct points, in arrangements that grids and halvings do not like."""
    if kind == "even":
        points = rng.standard_normal((count, axes))
    elif kind == "grid":
        points = rng.integers(0, 9, (count, axes)).astype(float)
    elif kind == "clusters":  # all in two cells of the grid
        points = rng.integers(0, 2, (count, axes)) + 1e-9 * rng.standard_normal((count, axes))
    elif kind == "vanishing":  # each half has nearly all of what is left
        points = rng.choice([-1.0, 1.0], (count, axes)) * np.exp2(-rng.integers(0, 500, (count, 1)))
    else:  # a line, a last bit apart
        points = np.ones((count, axes))
        points[:, 0] += np.spacing(1.0) * np.arange(count)
    return np.unique(points, axis=0)


@settings(max_examples=60)
@given(
    st.sampled_from(["even", "grid", "clusters", "vanishing", "line"]), st.sampled_from([1, 2, 17, 300, 2000]),
    st.integers(2, 4), st.integers(1, 5), st.sampled_from([0.0, 1e-9, 0.3]), st.integers(0, 2**31),
)  # fmt: skip
def test_the_tree_finds_all_that_is_nearly_as_near(kernels, kind, count, axes, k, beyond, seed):
    rng = np.random.default_rng(seed)
    points = _points(kind, count, axes, rng)
    k, fetch = min(k, len(points)), min(k + 3, len(points))
    queries = np.concatenate([points[:20], points[:20] * 1.3, rng.standard_normal((10, axes)), np.full((1, axes), 40)])
    chord, found = CompiledTree(points, kernels).query(queries, k, fetch, beyond, 1e-12)
    true = np.sqrt(((queries[:, None] - points[None]) ** 2).sum(axis=-1))
    near = np.sort(true, axis=1)[:, :fetch]
    assert np.allclose(chord[:, :k], near[:, :k], rtol=1e-13, atol=0)
    assert np.allclose(np.take_along_axis(true, found, 1), chord, rtol=1e-13, atol=0)
    assert (chord[:, 1:] >= chord[:, :-1]).all()
    assert all(len(set(row)) == fetch for row in found.tolist())
    # those within reach are there; what stands for another lies beyond it
    reach = near[:, k - 1 : k] + beyond
    within = near < reach * (1 - 1e-12)
    assert np.allclose(chord[within], near[within], rtol=1e-13, atol=0)
    assert (chord >= near * (1 - 1e-13)).all()


def test_a_tree_that_is_deep_everywhere(kernels):
    """Five hundred halvings part off one point each: the tree is as deep, and needs more nodes than an even one."""
    points = np.exp2(-np.arange(500.0))[:, None] * np.array([1.0, 0.5, 0.25])
    chord, found = CompiledTree(points, kernels).query(points, 1, 2, 0.0, 1e-12)
    assert (found[:, 0] == np.arange(500)).all()
    assert (chord[:, 0] == 0).all()


def test_threads_do_not_change_the_answer(kernels):
    rng = np.random.default_rng(0)
    tree, queries = CompiledTree(rng.standard_normal((5000, 3)), kernels), rng.standard_normal((7001, 3))
    alone = tree.query(queries, 2, 3, 0.0, 1e-12)
    for threads in (3, -1):
        assert all(map(np.array_equal, alone, tree.query(queries, 2, 3, 0.0, 1e-12, threads)))
    assert np.array_equal(alone[1][:, :2], cKDTree(tree._tree[0][np.argsort(tree._tree[1]), :3]).query(queries, k=2)[1])


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.sampled_from([0.0, 1e-12, 1.0]))
def test_both_ways_give_the_same_bits(seed, noise):
    rng = np.random.default_rng(seed)
    half_turns = Rotation.from_rotvec(np.pi * np.eye(3)).as_matrix()
    source = np.concatenate([Rotation.random(300, rng=rng).as_matrix(), half_turns, np.eye(3)[None]])
    source = np.concatenate([source, source[:50]]) + noise * 1e-3 * rng.standard_normal((354, 3, 3))
    target = np.concatenate([Rotation.random(90, rng=rng).as_matrix(), source[::7]])
    answers = {}
    for way in ("scipy", "compiled"):
        with way_of_indices(way):
            rotations, directions = RotationIndex(source), DirectionIndex(source[:, 2])
            answers[way] = [rotations._quat, *rotations.query(target, 3), *directions.query(target[:, 2], 70)]
    for one, other in zip(*answers.values(), strict=True):
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize(
    "rows", [np.arange(12.0).reshape(6, 2), np.zeros((3, 2)), np.array([[1.0, 2], [2, 1], [1, 2]])]
)
def test_different_rows_are_known(rows):
    with way_of_indices("compiled"):
        assert surely_all_different(rows.view(np.uint64)) == (len(np.unique(rows, axis=0)) == len(rows))
        compiled = group_equal_rows(rows)
    with way_of_indices("scipy"):
        plain = group_equal_rows(rows)
    assert compiled.members.tolist() == plain.members.tolist()
    assert compiled.start.tolist() == plain.start.tolist()


@pytest.mark.parametrize("axes", [3, 5])
def test_points_of_more_axes_than_the_tree_has_are_found_too(axes):
    points = np.random.default_rng(0).standard_normal((400, axes))
    with way_of_indices("compiled"):
        _, row = PointIndex(points, lambda a, b: ((a - b) ** 2).sum(axis=-1)).query(points[::5] + 1e-3)
    assert (row[:, 0] == np.arange(0, 400, 5)).all()


def test_arrays_of_any_kind_are_taken_without_compiling_anew(kernels):
    rotmats = Rotation.random(40, rng=np.random.default_rng(0)).as_matrix()
    turned = np.asfortranarray(rotmats)
    turned.flags.writeable = False
    with way_of_indices("compiled"):
        before = RotationIndex(rotmats).query(rotmats)
        versions = len(kernels.quaternions.signatures), len(kernels.nearest.signatures)
        for other in (turned, turned.tolist(), np.repeat(rotmats, 2, axis=0)[::2]):
            assert all(map(np.array_equal, before, RotationIndex(other).query(other)))
        assert (len(kernels.quaternions.signatures), len(kernels.nearest.signatures)) == versions


def test_they_are_loaded_when_they_pay(kernels, monkeypatch):
    monkeypatch.setitem(compiled_points._state, "entries", 0)
    assert kernels_for(compiled_points.LOAD_ENTRIES - 1) is None
    monkeypatch.setattr(compiled_points, "_kept", lambda kernels: False)
    assert kernels_for(1) is None
    monkeypatch.setattr(compiled_points, "_kept", lambda kernels: True)
    assert kernels_for(0) is kernels
    with way_of_indices("scipy"):
        assert kernels_for(10**9) is None


@pytest.mark.parametrize("numba", ["there", "missing"])
def test_few_queries_load_nothing_and_many_go_without_numba(numba):
    code = (
        "import sys, numpy as np\n"
        f"if {numba!r} == 'missing': sys.modules['numba'] = None\n"
        "from synhead_tools.geometry import compiled_points\n"
        "from synhead_tools.geometry.direction_index import DirectionIndex\n"
        "ask = lambda: DirectionIndex(np.eye(3)).query(np.eye(3))[1].ravel().tolist()\n"
        "print(ask(), 'numba' in sys.modules and sys.modules['numba'] is not None)\n"
        "compiled_points.LOAD_ENTRIES = 1\n"
        "print(ask(), compiled_points._load() is not None)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[0, 1, 2] False", f"[0, 1, 2] {numba == 'there'}"]
