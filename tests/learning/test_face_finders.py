import numpy as np

from synhead_tools.learning.face_finders import FACE_FINDERS, bundled_face_finder
from synhead_tools.registry import Table


def absent(device, close_ups):
    """Weights that are not installed."""


def present(device, close_ups):
    return lambda picture: np.array([[0.0, 0.0, len(device), float(close_ups)]])


def test_the_first_face_detector_of_the_table_that_is_installed_is_taken():
    here = "tests.learning.test_face_finders"
    assert bundled_face_finder(table=Table("face detector", {})) is None
    assert bundled_face_finder(table=Table("face detector", {"a": f"{here}:absent"})) is None
    table = Table("face detector", {"a": f"{here}:absent", "b": f"{here}:present", "c": "nowhere:at_all"})
    name, find_faces = bundled_face_finder("cuda", table=table)
    assert name == "b"
    assert find_faces(np.zeros((4, 4, 3), np.uint8)).tolist() == [[0, 0, 4, 1]]
    _, find_faces = bundled_face_finder("cuda", False, table)
    assert find_faces(np.zeros((4, 4, 3), np.uint8)).tolist() == [[0, 0, 4, 0]]


def test_every_entry_opens_to_a_function_of_a_picture_or_to_nothing():
    for name in FACE_FINDERS:
        find_faces = FACE_FINDERS.load(name)("cpu", True)
        if find_faces is not None:
            assert np.asarray(find_faces(np.zeros((64, 64, 3), np.uint8))).shape[1:] == (4,)
