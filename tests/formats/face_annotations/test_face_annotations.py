import numpy as np
import pytest

from synhead_tools.errors import LabelFormatError
from synhead_tools.formats.face_annotations.opening import read_face_annotations

WIDER = """0--Parade/0_Parade_a_1.jpg
1
449 330 122 149 0 0 0 0 0 0
0--Parade/0_Parade_b_2.jpg
3
78 221 7 8 2 0 0 0 0 0
78 238 14 17 2 0 0 1 0 0
1 2 0 9 2 0 0 0 0 0
1--Handshaking/c.jpg
0
0 0 0 0 0 0 0 0 0 0
2--Demo/d.jpg
1
10.5 20 30 40
"""
PARTS = "".join(f"<part name='{k:02d}' x='{100 + k}' y='{200 + 2 * k}'/>" for k in range(68))
XML = f"""<?xml version='1.0' encoding='ISO-8859-1'?>
<?xml-stylesheet type='text/xsl' href='image_metadata_stylesheet.xsl'?>
<dataset><name>iBUG</name><images>
  <image file='afw/1.jpg'><box top='178' left='139' width='322' height='300'>{PARTS}</box>
    <box top='5' left='6' width='7' height='8' ignore='1'><part name='30' x='8' y='9'/><label>x</label></box></image>
  <image file='none.jpg'></image>
</images></dataset>
"""


@pytest.fixture
def write(tmp_path):
    def write(text, name="faces.txt"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_wider_face(write):
    a, b, c, d = read_face_annotations(write(WIDER)).pictures
    assert a.name == "0--Parade/0_Parade_a_1.jpg"
    assert a.boxes_xyxy.tolist() == [[449, 330, 571, 479]]
    assert b.boxes_xyxy.tolist() == [[78, 221, 85, 229], [78, 238, 92, 255]]  # one of no width is left out
    assert b.ignored.tolist() == [False, True]
    assert b.height_px.tolist() == [8, 17]
    assert (c.name, len(c)) == ("1--Handshaking/c.jpg", 0)
    assert c.boxes_xyxy.shape == (0, 4)
    assert d.boxes_xyxy.tolist() == [[10.5, 20, 40.5, 60]]
    assert np.isnan(a.points5).all()
    assert a.landmarks68 is None


def test_windows_line_ends_and_no_zero_line(write):
    text = WIDER.replace("0 0 0 0 0 0 0 0 0 0\n", "").replace("\n", "\r\n")
    assert [len(p) for p in read_face_annotations(write(text)).pictures] == [1, 2, 0, 1]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a.jpg\n2\n1 2 3 4 0 0 0 0 0 0\n", "line 2: 2 faces announced, 1 lines left"),
        ("a.jpg\n1\n1 2 3 4 0 0 0 0 0 0\nb.jpg\nx\n", "line 5: 'x' where the number"),
        ("a.jpg\n1\n1 2 3 4 0 0 0 0 0 0\nb.jpg\n", "line 5: 'the end of the file'"),
        ("a.jpg\n1\n1 2 3\n", "line 3: '1 2 3' is no face"),
        ("a.jpg\n1\n1 2 nan 4\n", "line 3.*is no face"),
        ("a.jpg\n1\n1 2 1e99 4\n", "line 3.*is no face"),
        ("a.jpg\n99999999\n", "faces announced"),
        ("a.jpg\n1\nb.jpg\n0\n", "line 3: 'b.jpg' is no face"),
        ("../../etc/a.jpg\n0\n", "line 1.*must be a path inside"),
        ("/a.jpg\n0\n", "must be a path inside"),
        (b"a.jpg\n0\n\xff\xfe.jpg\n0\n", "not UTF-8"),
        ("hello", "of no known format"),
        ("", "of no known format"),
    ],
)
def test_bad_lines_are_named(write, text, complaint):
    with pytest.raises(LabelFormatError, match=complaint) as caught:
        read_face_annotations(write(text))
    assert "\n" not in str(caught.value)


def test_landmark_xml(write):
    first, second = read_face_annotations(write(XML, "ibug.xml")).pictures
    assert first.boxes_xyxy.tolist() == [[139, 178, 461, 478], [6, 5, 13, 13]]
    assert first.ignored.tolist() == [False, True]
    assert first.landmarks68[0, 30].tolist() == [130.5, 260.5]
    assert np.isnan(first.landmarks68[1, :30]).all()
    assert first.landmarks68[1, 30].tolist() == [8.5, 9.5]
    points = first.points5[0]
    assert points[0, 0] == pytest.approx(100.5 + 38.5)  # iBUG 36 to 41: the subject's right eye
    assert points[2].tolist() == [130.5, 260.5]
    assert points[3:, 0].tolist() == [148.5, 154.5]
    assert len(second) == 0
    assert second.landmarks68.shape == (0, 68, 2)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("</dataset>", ""), "not XML"),
        (("left='139'", "left='x'"), "line 4: left = 'x'"),
        (("left='139'", ""), "left = None"),
        (("left='139'", "left='inf'"), "left = 'inf'"),
        (("width='322'", "width='0'"), "a box of 0 x 300"),
        (("afw/1.jpg", "../1.jpg"), "must be a path inside"),
        (("<image ", "<picture "), "not XML"),
    ],
)
def test_bad_xml_is_named(write, change, complaint):
    with pytest.raises(LabelFormatError, match=complaint):
        read_face_annotations(write(XML.replace(*change), "ibug.xml"))


def test_entities_are_refused_before_they_grow(write):
    bomb = "<?xml version='1.0'?><!DOCTYPE d [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><dataset>&b;</dataset>"
    with pytest.raises(LabelFormatError, match="declares an entity"):
        read_face_annotations(write(bomb, "bomb.xml"))


def test_files_that_are_none(tmp_path):
    with pytest.raises(LabelFormatError, match="cannot be read"):
        read_face_annotations(tmp_path)
    with pytest.raises(LabelFormatError, match="cannot be read"):
        read_face_annotations(tmp_path / "missing")
