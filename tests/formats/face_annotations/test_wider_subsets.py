from contextlib import suppress

import numpy as np
import pytest
from scipy.io import savemat

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.face_annotations.opening import read_face_annotations
from synhead_tools.formats.face_annotations.wider_subsets import read_wider_subset

TEXT = """0--Parade/a.jpg
3
78 221 7 8 2 0 0 0 0 0
1 2 0 9 2 0 0 0 0 0
78 238 14 17 2 0 0 1 0 0
0--Parade/b.jpg
1
449 330 122 149 0 0 0 0 0 0
1--Handshaking/c.jpg
0
0 0 0 0 0 0 0 0 0 0
"""
BOXES = {
    "0--Parade": {"a": [[78, 221, 7, 8], [1, 2, 0, 9], [78, 238, 14, 17]], "b": [[449, 330, 122, 149]]},
    "1--Handshaking": {"c": [[0, 0, 0, 0]]},
}


def cells(values):
    column = np.empty((len(values), 1), object)
    column[:, 0] = values
    return column


@pytest.fixture
def annotations(tmp_path):
    (tmp_path / "faces.txt").write_text(TEXT)
    return read_face_annotations(tmp_path / "faces.txt")


@pytest.fixture(params=[False, True])
def write(request, tmp_path):
    def write(counted, *, leave_out=(), boxes=BOXES):
        lists = {
            "event_list": cells(list(boxes)),
            "file_list": cells([cells(list(pictures)) for pictures in boxes.values()]),
            "face_bbx_list": cells([cells([np.array(b, float) for b in p.values()]) for p in boxes.values()]),
            "gt_list": cells([cells([np.array(rows, float).reshape(-1, 1) for rows in event]) for event in counted]),
        }
        path = tmp_path / "wider_easy_val.mat"
        savemat(path, {k: v for k, v in lists.items() if k not in leave_out}, do_compression=request.param)
        return path

    return write


def test_faces_that_count(write, annotations):
    masks = read_wider_subset(write([[[1], [1]], [[]]]), annotations)
    assert [mask.tolist() for mask in masks] == [[True, False], [True], []]
    masks = read_wider_subset(write([[[2, 3], []], [[]]]), annotations)  # the second has no area, nobody can find it
    assert [mask.tolist() for mask in masks] == [[False, True], [False], []]


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        ([[[4], [1]], [[]]], "do not fit"),
        ([[[0], [1]], [[]]], "do not fit"),
        ([[[1.5], [1]], [[]]], "do not fit"),
        ([[[1]], [[]]], "do not fit"),
        ([[[], []], [[]]], "counts no face"),
    ],
)
def test_lists_that_contradict(write, annotations, counted, said):
    with pytest.raises(LabelFormatError, match=said):
        read_wider_subset(write(counted), annotations)


def test_lists_of_something_else(write, annotations, tmp_path):
    with pytest.raises(LabelFormatError, match="no list gt_list"):
        read_wider_subset(write([[[1], [1]], [[]]], leave_out=["gt_list"]), annotations)
    with pytest.raises(LabelFormatError, match="no picture 1--Handshaking/c"):
        read_wider_subset(write([[[1], [1]]], boxes={"0--Parade": BOXES["0--Parade"]}), annotations)
    moved = {**BOXES, "0--Parade": {"a": BOXES["0--Parade"]["a"], "b": [[448, 330, 122, 149]]}}
    with pytest.raises(LabelFormatError, match="faces that faces.txt has not"):
        read_wider_subset(write([[[1], [1]], [[]]], boxes=moved), annotations)
    with pytest.raises(LabelFormatError, match="not a MATLAB 5 file"):
        read_wider_subset(tmp_path / "faces.txt", annotations)


def test_damaged_files_are_refused_or_read(write, annotations):
    path = write([[[1], [1]], [[]]])
    whole = path.read_bytes()
    generator = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(whole[: generator.integers(100, len(whole) + 1)])
        for place in generator.integers(0, len(damaged), 3):
            damaged[place] = generator.integers(256)
        path.write_bytes(damaged)
        with suppress(LabelFormatError):  # any other error fails
            read_wider_subset(path, annotations)
