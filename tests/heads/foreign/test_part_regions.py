import pytest

from synhead_tools.heads.foreign.part_regions import region_of_name
from synhead_tools.heads.regions import Region


@pytest.mark.parametrize(
    ("name", "region"),
    [
        ("hair", Region.HAIR), ("Wolf3D_Hair", Region.HAIR), ("EyeLeft", Region.EYE), ("high-poly.eyes", Region.EYE),
        ("eyebrow012", Region.BROW), ("Brows", Region.BROW), ("eyelashes01", Region.LASH), ("hat", Region.HEADGEAR),
        ("Wolf3D_Teeth", Region.MOUTH_INSIDE), ("eyeGlasses", Region.GLASSES), ("what", Region.SKIN),
        ("facecap", Region.SKIN), ("Head_Mesh", Region.SKIN), ("early", Region.SKIN), ("", Region.SKIN),
        ("LOWER_NECK", Region.NECK), ("tShirt", Region.CLOTH), ("beard.001", Region.HAIR),
    ],
)  # fmt: skip
def test_names_tell_regions(name, region):
    assert region_of_name(name) == region
