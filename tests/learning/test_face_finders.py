import numpy as np

from synhead_tools.learning.face_finders import FACE_FINDERS, bundled_face_finder
from synhead_tools.registry import Table


def test_the_first_face_detector_of_the_table_is_the_bundled_one():
    assert bundled_face_finder(Table("face detector", {})) is None
    name, function = bundled_face_finder(Table("face detector", {"b": "numpy:zeros", "a": "numpy:ones"}))
    assert (name, function) == ("b", np.zeros)
    for name in FACE_FINDERS:
        boxes = FACE_FINDERS.load(name)(np.zeros((64, 64, 3), np.uint8))
        assert np.asarray(boxes).reshape(-1, 4).shape[1] == 4
