import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from synhead_tools.errors import CheckpointError
from synhead_tools.geometry.euler import euler_from_rotmat
from synhead_tools.learning.rotation_outputs import rotmat_of_outputs
from tests.learning.tiny_onnx import declared

TRUE = Rotation.from_euler("xyz", np.random.default_rng(0).normal(0, 25, (6, 3)), degrees=True).as_matrix()


def _read(outputs, **values):
    return rotmat_of_outputs(outputs, declared("a", **values), "tiny")


@pytest.mark.parametrize("convention", ["biwi+", "hopenet", "whenet", "300w-lp", "ZYX:-+-:rad:roll,yaw,pitch"])
def test_angles_are_read_in_their_convention(convention):
    np.testing.assert_allclose(_read(euler_from_rotmat(TRUE, convention), convention=convention), TRUE, atol=1e-9)


def test_another_order_and_unit_than_the_convention_writes():
    pitch_yaw_roll = np.radians(euler_from_rotmat(TRUE, "hopenet"))[:, [1, 0, 2]]
    found = _read(pitch_yaw_roll, convention="hopenet", order=("pitch", "yaw", "roll"), unit="rad")
    np.testing.assert_allclose(found, TRUE, atol=1e-9)


def test_matrices_and_quaternions():
    np.testing.assert_allclose(_read(TRUE.reshape(-1, 9), kind="rotmat", convention=""), TRUE, atol=1e-9)
    quat = 3 * Rotation.from_matrix(TRUE).as_quat() / 3
    np.testing.assert_allclose(_read(quat, kind="quat_xyzw", convention=""), TRUE, atol=1e-9)


@pytest.mark.parametrize("vectors", ["columns", "rows"])
def test_six_numbers_are_two_vectors_of_any_length(vectors):
    matrices = TRUE if vectors == "columns" else np.swapaxes(TRUE, 1, 2)
    first, second = matrices[:, :, 0], matrices[:, :, 1]
    six = np.concatenate([2.5 * first, 0.3 * second - 4 * first], axis=1)  # Gram and Schmidt undo both
    found = _read(six, kind="rot6d", convention="", vectors=vectors)
    np.testing.assert_allclose(found, TRUE, atol=1e-9)


def test_six_numbers_agree_with_our_own_head():
    import torch

    from synhead_tools.learning.pose_heads.rotation_6d import rotmat_of_columns

    six = np.random.default_rng(1).normal(size=(5, 6))
    ours = rotmat_of_columns(torch.from_numpy(six)).numpy()
    np.testing.assert_allclose(_read(six, kind="rot6d", convention=""), ours, atol=1e-12)


@pytest.mark.parametrize(
    ("outputs", "values", "message"),
    [
        (np.zeros((2, 66)), {}, "66 numbers per picture, euler are 3; mend output.kind"),
        ([[0, 0, 0], [0, np.nan, 0]], {}, "picture 1 is not finite"),
        ([[0, 0, 0], [0, np.inf, 0]], {}, "picture 1 is not finite"),
        ([[0.0] * 9], {"kind": "rotmat", "convention": ""}, "mend output.kind"),
        ([[1.0, 0, 0, 0, 1, 0, 0, 0, -1]], {"kind": "rotmat", "convention": ""}, "mend output.kind"),
        ([[0.0] * 4], {"kind": "quat_xyzw", "convention": ""}, "mend output.kind"),
        ([[1.0, 0, 0, 2, 0, 0]], {"kind": "rot6d", "convention": ""}, "picture 0 span no plane"),
        ([[0.0] * 6], {"kind": "rot6d", "convention": ""}, "picture 0 span no plane"),
    ],
)
def test_what_is_no_rotation_is_named(outputs, values, message):
    with pytest.raises(CheckpointError, match=message) as caught:
        _read(np.asarray(outputs, float), **values)
    assert str(caught.value).startswith("tiny")
