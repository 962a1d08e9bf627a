import pyarrow as pa
import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.label_tables.rotation_columns import choose_rotation, find_rotation


def _schema(*titles, **arrays):
    """Columns of text, and arrays of so many numbers."""
    fields = [pa.field(title, pa.string()) for title in titles]
    return pa.schema(fields + [pa.field(name, pa.list_(pa.float64(), width)) for name, width in arrays.items()])


@pytest.mark.parametrize(
    ("titles", "places", "unit"),
    [
        ("pitch,yaw,roll", (0, 1, 2), None),
        ("image,Roll,YAW, pitch ", (3, 2, 1), None),
        ("pitch_deg,yaw_deg,roll_deg", (0, 1, 2), "deg"),
        ("pitch (deg),yaw (deg),roll (deg)", (0, 1, 2), "deg"),
        ("pitch [rad],yaw [rad],roll [rad]", (0, 1, 2), "rad"),
        ("Pitch_RAD,Yaw_rad,roll_radians", (0, 1, 2), "rad"),
        ("pitch°,yaw °,roll(°)", (0, 1, 2), "deg"),
        ("yaw degrees,pitch degrees,roll degrees", (1, 0, 2), "deg"),
        ("alpha,beta,gamma", (0, 1, 2), None),
    ],
)
def test_angles_by_title(titles, places, unit):
    found = find_rotation(_schema(*titles.split(",")), "a.csv")
    assert (found.kind, found.places, found.unit, found.convention) == ("euler", places, unit, None)
    assert found.angles == (("alpha", "beta", "gamma") if "alpha" in titles else ("pitch", "yaw", "roll"))


@pytest.mark.parametrize(
    ("titles", "kind", "places"),
    [
        ("qx,qy,qz,qw", "quat_xyzw", (0, 1, 2, 3)),
        ("qw,qx,qy,qz,name", "quat_xyzw", (1, 2, 3, 0)),
        ("quat_w,quat_x,quat_y,quat_z", "quat_xyzw", (1, 2, 3, 0)),
        ("head_rotation.x,head_rotation.y,head_rotation.z,head_rotation.w", "quat_xyzw", (0, 1, 2, 3)),
        (",".join(f"r{i}{j}" for i in range(3) for j in range(3)), "rotmat", tuple(range(9))),
        (",".join(f"R{i}{j}" for j in range(1, 4) for i in range(1, 4)), "rotmat", (0, 3, 6, 1, 4, 7, 2, 5, 8)),
        ("f," + ",".join(f"rot_{i}_{j}" for i in range(3) for j in range(3)), "rotmat", tuple(range(1, 10))),
        (",".join(f"m{i}{j}" for i in range(3) for j in range(3)), "rotmat", tuple(range(9))),
    ],
)
def test_quaternions_and_matrices_by_title(titles, kind, places):
    found = find_rotation(_schema(*titles.split(",")), "a.csv")
    assert (found.kind, found.places) == (kind, places)


def test_openface_says_its_convention_and_unit():
    found = find_rotation(_schema("frame", " pose_Rx", " pose_Ry", " pose_Rz"), "a.csv")
    assert (found.places, found.unit, found.convention) == ((1, 2, 3), "rad", "openface")


def test_arrays_by_name_and_what_says_the_same():
    found = find_rotation(_schema("name", euler_deg=3, quat_xyzw=4, rotmat=9, bbox=4), "a.npz")
    assert (found.kind, found.places) == ("rotmat", (3,))
    assert found.restated == (1, 2, 3)
    assert found.kinds == ("euler", "quat_xyzw", "rotmat")
    found = find_rotation(_schema("images", ypr=3, pyr=3), "a.npz")
    assert (found.places, found.convention, found.restated) == ((2,), "biwi+", (1, 2))
    assert find_rotation(_schema(quat_wxyz=4), "a.npz").scalar_first
    assert find_rotation(_schema(rotmat_openface=9), "a.npz").convention == "openface"


@pytest.mark.parametrize(
    ("titles", "message"),
    [
        ("pitch,yaw", "no column called roll among pitch, yaw"),
        ("pitch,yaw,roll,Yaw", "2 columns called yaw"),
        ("pitch_deg,yaw,roll", "different units"),
        ("pitch_deg,yaw_rad,roll_deg", "different units"),
        ("pitch,yaw,roll,qx,qy,qz,qw", "rotations in pitch, yaw, roll and qx, qy, qz, qw"),
        ("x,y,z,w", "no column called pitch"),
        ("corner00,corner01,corner02,corner10,corner11,corner12,corner20,corner21,corner22", "no column called pitch"),
        ("a.png,1,2,3.5", "no header; say which columns"),
        (",".join(f"column{i}" for i in range(900)), "no column called pitch"),
    ],
)
def test_tables_without_one_rotation_are_refused(titles, message):
    with pytest.raises(LabelFormatError) as raised:
        find_rotation(_schema(*titles.split(",")), "a.csv: row 1")
    assert message in str(raised.value)
    assert len(str(raised.value)) < 600


@pytest.mark.parametrize(
    ("chosen", "options", "kind", "places", "angles"),
    [
        ("4,3,2", {}, "euler", (3, 2, 1), None),
        ("b,c,d", {}, "euler", (1, 2, 3), None),
        ("B, c ,D", {}, "euler", (1, 2, 3), None),
        ("1,2,3,4", {}, "quat_xyzw", (0, 1, 2, 3), None),
        ("1,2,3,4", {"scalar_first": True}, "quat_xyzw", (1, 2, 3, 0), None),
        ("yaw,pitch,roll", {}, "euler", (5, 6, 7), ("yaw", "pitch", "roll")),
        ("1,2,3,4,5,6,7,8,9", {}, "rotmat", tuple(range(9)), None),
        ("pose", {}, "euler", (9,), None),
        ("quat_wxyz", {}, "quat_xyzw", (10,), None),
    ],
)
def test_columns_as_the_user_says(chosen, options, kind, places, angles):
    schema = _schema("a", "b", "c", "d", "e", "yaw", "pitch", "roll", "i", pose=3, quat_wxyz=4)
    found = choose_rotation(schema, chosen.split(","), options.get("scalar_first", False), "a.csv")
    assert (found.kind, found.places, found.angles) == (kind, places, angles)
    assert found.restated == tuple(sorted(places))


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ("a,c", "2 columns cannot be a rotation"),
        ("a", "1 columns cannot be"),
        ("box", "an array of 5 cannot be"),
        ("a,c,x", "no column 'x'; there are a, b, b"),
        ("0,1,2", "no column '0'"),
        ("1,2,9", "no column '9'"),
        ("a,b,c", "2 columns called b"),
        ("1,1,2", "named twice"),
    ],
)
def test_wrong_choices_are_refused(chosen, message):
    with pytest.raises(LabelFormatError, match=message):
        choose_rotation(_schema("a", "b", "b", "c", box=5), chosen.split(","), False, "a.csv")


def test_names_mean_nothing_without_a_header():
    with pytest.raises(LabelFormatError, match="numbers 1 to 3"):
        choose_rotation(_schema("column_1", "column_2", "column_3"), ["column_1", "2", "3"], False, "a.csv", False)
