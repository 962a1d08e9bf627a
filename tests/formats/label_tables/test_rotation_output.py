from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from synhead_tools.formats.label_tables.rotation_columns import RotationColumns, find_rotation
from synhead_tools.formats.label_tables.rotation_output import OutputColumns
from synhead_tools.geometry.conventions import get_convention


def _output(titles, kinds, target="biwi+", unit="deg", as_arrays=False, has_titles=True, rotation=None):
    schema = pa.schema([pa.field(title, pa.string()) for title in titles.split(",")])
    rotation = rotation or find_rotation(schema, "a.csv")
    target = replace(get_convention(target), unit=unit)
    return schema, OutputColumns(schema, rotation, kinds, target, as_arrays, has_titles, range(len(schema)))


@pytest.mark.parametrize(
    ("titles", "unit", "written"),
    [
        ("yaw,name,Pitch,roll", "deg", "yaw,name,Pitch,roll"),
        ("yaw,name,Pitch,roll", "rad", "yaw_rad,name,Pitch_rad,roll_rad"),
        ("pitch_deg,yaw_deg,roll_deg", "rad", "pitch_rad,yaw_rad,roll_rad"),
        ("pitch (rad),yaw (rad),roll (rad)", "rad", "pitch (rad),yaw (rad),roll (rad)"),
        ("pitch (rad),yaw (rad),roll (rad)", "deg", "pitch_deg,yaw_deg,roll_deg"),
    ],
)
def test_angles_stay_where_they_are_and_state_their_unit(titles, unit, written):
    schema, output = _output(titles, ["euler"], "hopenet", unit)
    assert output.in_place
    assert output.schema.names == written.split(",")
    batch = pa.RecordBatch.from_arrays([pa.array([title]) for title in schema.names], schema=schema)
    row = output.batch(batch, {"euler": np.array([[1.0, 2.0, -0.0]])}).to_pylist()[0]  # hopenet: yaw, pitch, roll
    found = {
        angle: row[title] for title in row for angle in ("pitch", "yaw", "roll") if title.lower().startswith(angle)
    }
    assert found == {"yaw": 1.0, "pitch": 2.0, "roll": 0.0}
    assert str(found["roll"]) == "0.0"


@pytest.mark.parametrize(
    ("kinds", "target", "written"),
    [
        (["quat_xyzw"], "biwi+", "n,qx,qy,qz,qw,m"),
        (["rotmat"], "biwi+", "n,r00,r01,r02,r10,r11,r12,r20,r21,r22,m"),
        (["euler", "quat_xyzw"], "hopenet", "n,yaw_deg,pitch_deg,roll_deg,qx,qy,qz,qw,m"),
        (["euler"], "zxz:+++", "n,alpha_deg,beta_deg,gamma_deg,m"),
    ],
)
def test_new_columns_take_the_place_of_the_first(kinds, target, written):
    assert _output("n,pitch,yaw,m,roll", kinds, target)[1].schema.names == written.split(",")


@pytest.mark.parametrize(
    ("target", "unit", "written"),
    [
        ("biwi+", "deg", ["n", "euler_deg", "quat_xyzw", "rotmat"]),
        ("biwi+", "rad", ["n", "euler_rad", "quat_xyzw", "rotmat"]),
        ("300w-lp", "rad", ["n", "euler_rad", "quat_xyzw_300w-lp", "rotmat_300w-lp"]),
    ],
)
def test_arrays_say_whose_matrices_they_are(target, unit, written):
    kinds = ["euler", "quat_xyzw", "rotmat"]
    output = _output("n,pitch,yaw,roll", kinds, target, unit, as_arrays=True)[1]
    assert output.schema.names == written
    assert [field.type.list_size for field in output.schema if pa.types.is_fixed_size_list(field.type)] == [3, 4, 9]


def test_titles_that_belong_to_a_convention_do_not_stay():
    assert _output("pose_Rx,pose_Ry,pose_Rz", ["euler"])[1].schema.names == ["pitch_deg", "yaw_deg", "roll_deg"]


def test_what_is_left_out_is_said():
    arrays = {"pyr": 3, "ypr": 3, "quat_xyzw": 4, "rotmat": 9}
    schema = pa.schema([pa.field(name, pa.list_(pa.float64(), width)) for name, width in arrays.items()])
    rotation = find_rotation(schema.remove(3).remove(2), "a.npz")
    output = OutputColumns(schema, rotation, ["euler"], get_convention("biwi+"), True, True, [0, 1, 2])
    assert output.left_out == ("rotmat (fixed_size_list<item: double>[9])", "ypr (states the same rotation)")
    assert output.schema.names == ["euler_deg", "quat_xyzw"]


def test_columns_without_titles_get_new_ones():
    rotation = RotationColumns("euler", (0, 1, 2))
    output = _output("column_1,column_2,column_3", ["euler"], has_titles=False, rotation=rotation)[1]
    assert output.schema.names == ["pitch_deg", "yaw_deg", "roll_deg"]
