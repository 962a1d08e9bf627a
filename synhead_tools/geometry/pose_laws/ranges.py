"""Lists of angles as users write them."""

from __future__ import annotations

import numpy as np

from synhead_tools.errors import ConventionError

LARGEST_ANGLE_DEG = 360.0
ANGLES_LIMIT = 100_000


def parse_range_deg(text: str) -> np.ndarray:
    """Angles of ``"LOW:HIGH:STEP"`` (both ends included), or of a comma list such as ``"-30,0,30"``.

    Raises
    ------
    ConventionError
        It cannot be read, the step is not positive, or it holds more than `ANGLES_LIMIT` angles.
    """
    hint = f"cannot read the range {text!r}; write LOW:HIGH:STEP or a comma list, in degrees"
    try:
        if ":" not in text:
            values = np.array([float(part) for part in text.split(",")])
        else:
            low, high, step = (float(part) for part in text.split(":"))
            if not (step > 0 and high >= low):
                raise ConventionError(f"{hint}, with LOW <= HIGH and STEP > 0")
            if not (high - low) / step < ANGLES_LIMIT:
                raise ConventionError(f"the range {text!r} has more than {ANGLES_LIMIT} angles; take a larger STEP")
            values = low + step * np.arange(int(np.floor((high - low) / step + 1e-9)) + 1)
    except (ValueError, OverflowError) as error:
        raise error if isinstance(error, ConventionError) else ConventionError(hint) from None
    if not (np.abs(values) <= LARGEST_ANGLE_DEG).all():  # also false for NaN
        raise ConventionError(f"{hint}, within +-{LARGEST_ANGLE_DEG:g}")
    return values
