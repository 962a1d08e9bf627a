import numpy as np
import pytest

from synhead_tools.heads.foreign.axes import file_to_head
from synhead_tools.heads.foreign.guess import fit_axes, right_handed_axes
from synhead_tools.heads.library import load_head

ORIGIN = np.array([0.31, -0.12, 0.07])


def _surface(name, parts):
    chosen = [part for part in load_head(name).parts if part.name in parts]
    first = np.cumsum([0] + [len(part.vertices_m) for part in chosen])
    triangles = [part.triangles + start for part, start in zip(chosen, first, strict=False)]
    return np.concatenate([part.vertices_m for part in chosen]).astype(float), np.concatenate(triangles)


def test_there_are_24_right_handed_axes():
    matrices = right_handed_axes()
    assert len({matrix.tobytes() for matrix in matrices}) == 24
    assert all(np.array_equal(matrix @ matrix.T, np.eye(3)) and np.linalg.det(matrix) > 0 for matrix in matrices)


@pytest.mark.parametrize(("name", "parts"), [("m02", ("skin", "hair", "eyes")), ("f01", ("skin",))])
@pytest.mark.parametrize("told", [("+y", "+z"), ("-x", "+y")])
def test_a_head_is_found_whichever_way_it_lies(name, parts, told):
    vertices, triangles = _surface(name, parts)
    truth = file_to_head(None, *told)
    in_file = vertices @ truth * 100 + ORIGIN * 100
    best = fit_axes(in_file, triangles, 0.01, right_handed_axes())[0]
    assert np.array_equal(best.matrix, truth)
    assert np.linalg.norm(best.origin / 100 - ORIGIN) < 0.015
    assert best.error_m < 0.008
