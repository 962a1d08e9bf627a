import numpy as np

from synhead_tools.heads.expression_laws import EXPRESSION_LAWS, conversation
from synhead_tools.heads.expressions import ARKIT_NAMES

MANY = np.stack([conversation(np.random.default_rng([7, k])) for k in range(2000)])


def column(name):
    return MANY[:, ARKIT_NAMES.index(name)]


def test_the_same_state_gives_the_same_expression_in_range():
    assert np.array_equal(MANY[3], conversation(np.random.default_rng([7, 3])))
    assert not np.array_equal(MANY[3], MANY[4])
    assert MANY.min() >= 0
    assert MANY.max() <= 1
    assert not EXPRESSION_LAWS["none"](np.random.default_rng(0)).any()


def test_people_blink_smile_and_speak_now_and_then():
    for name, low, high in (("eyeBlinkLeft", 0.08, 0.16), ("mouthSmileLeft", 0.3, 0.4), ("jawOpen", 0.35, 0.45)):
        assert low < (column(name) > 0).mean() < high, name
    assert column("jawOpen").max() < 0.45
    assert column("mouthSmileRight").max() < 0.7
    assert column("eyeBlinkLeft").max() > 0.9


def test_both_sides_nearly_agree():
    for name in ("eyeBlink", "mouthSmile", "browOuterUp", "browDown"):
        left, right = column(f"{name}Left"), column(f"{name}Right")
        assert np.corrcoef(left, right)[0, 1] > 0.9
        assert np.abs(left - right).max() < 0.3


def test_both_eyes_look_at_one_point():
    assert np.array_equal(column("eyeLookInLeft"), column("eyeLookOutRight"))
    assert np.array_equal(column("eyeLookOutLeft"), column("eyeLookInRight"))
    assert not (column("eyeLookInLeft") * column("eyeLookOutLeft")).any()
    assert np.array_equal(column("eyeLookUpLeft"), column("eyeLookUpRight"))
    assert not (column("eyeLookUpLeft") * column("eyeLookDownLeft")).any()
