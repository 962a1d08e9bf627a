"""Every way to read three columns of numbers as rotations.

Three turns about coordinate axes are a product A B C of rotations about one axis each. A reading says, for each factor
from left to right, its axis, the sign and the column of its angle; and one unit for all columns. An extrinsic sequence
and the intrinsic one with reversed axes are the same product, so there are 12 sequences x 8 signs x 6 orders of columns
x 2 units = 1152 readings, and no two of them agree on all triples.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import permutations, product

from synhead_tools.errors import ConventionError
from synhead_tools.geometry.axis_turns import SEQUENCES, is_proper
from synhead_tools.geometry.conventions import CONVENTIONS, EulerConvention
from synhead_tools.geometry.conventions.convention import ANGLES, PROPER_ANGLES

UNITS = ("deg", "rad")
SIGNS = tuple(product((1, -1), repeat=3))

Reading = tuple[tuple[tuple[str, int, int], ...], str]
"""(axis, sign, column) of each factor from left to right, and the unit."""


@lru_cache(maxsize=4096)
def reading_of(convention: EulerConvention) -> Reading:
    """What a convention makes of three columns: equal for conventions that make the same rotations of all triples.

    Raises
    ------
    ConventionError
        There are no triples in this convention.
    """
    columns, signs = convention.turn_columns
    factors = tuple(zip(convention.sequence.lower(), signs, columns, strict=True))
    # turns about fixed axes multiply from the left
    return (factors[::-1] if convention.sequence.islower() else factors), convention.unit


def candidate_conventions(
    order: Sequence[str] | None = None, units: Iterable[str] = UNITS
) -> tuple[EulerConvention, ...]:
    """Every distinct reading of three columns, as conventions.

    Parameters
    ----------
    order : sequence of str, optional
        Names of the columns, if they are known: pitch, yaw and roll turn about x, y and z, so that 8 signs x 6
        sequences are left for each unit; alpha, beta and gamma are the first, second and third turn of proper Euler
        angles. None: columns say nothing, and all 12 sequences x 8 signs x 6 orders are tried.
    units : iterable of str
        Of ``"deg"`` and ``"rad"``.

    Returns
    -------
    tuple of EulerConvention
        Sequences are spelled as about fixed axes (lower case).

    Raises
    ------
    ConventionError
        `order` names other angles, or there is no such unit.
    """
    units = tuple(units)
    if not units or set(units) - set(UNITS):
        raise ConventionError(f"units {units!r} must be of {', '.join(UNITS)}")
    names = None if order is None else sorted(order)
    if names not in (None, sorted(ANGLES), sorted(PROPER_ANGLES)):
        raise ConventionError(f"order {order!r} must name {', '.join(ANGLES)}, or {', '.join(PROPER_ANGLES)}")
    return _readings(None if order is None else tuple(order), units)


@lru_cache(maxsize=16)
def _readings(order: tuple[str, ...] | None, units: tuple[str, ...]) -> tuple[EulerConvention, ...]:
    found = []
    for sequence in SEQUENCES:
        angles = PROPER_ANGLES if is_proper(sequence) else ANGLES
        if order is not None and sorted(order) != sorted(angles):
            continue
        orders = permutations(angles) if order is None else [order]
        for written, signs, unit in product(orders, SIGNS, units):
            spelled = EulerConvention("", sequence, signs, written, unit)
            found.append(replace(spelled, name=spelled.spec))
    return tuple(found)


def names_of(
    convention: EulerConvention, order: Sequence[str] | None = None, unit: str | None = None
) -> tuple[str, ...]:
    """Names in `CONVENTIONS` of the very same reading.

    Parameters
    ----------
    convention : EulerConvention
        A reading of the columns at hand.
    order : sequence of str, optional
        Names of these columns; a convention that writes the same angles in another order is then no other reading.
    unit : str, optional
        Unit of these columns; nor is then one that writes them in another unit.
    """
    wanted = reading_of(convention)
    order = None if order is None else tuple(order)
    return tuple(named.name for named in _with_angles() if reading_of(_written_as(named, order, unit)) == wanted)


def alike_names(
    convention: EulerConvention, order: Sequence[str] | None = None, unit: str | None = None
) -> tuple[str, ...]:
    """Names in `CONVENTIONS` of the same angles written in another unit or order; arguments as for `names_of`."""
    known = names_of(convention, order, unit)
    return tuple(named.name for named in _with_angles() if named.name not in known and _same_angles(named, convention))


def spelled_as_named(convention: EulerConvention, names: Sequence[str]) -> EulerConvention:
    """The same reading with its sequence spelled as the first of `names` does, about fixed axes or turning ones."""
    named = CONVENTIONS.load(names[0]) if names else convention
    if convention.angles is PROPER_ANGLES or named.sequence.islower() == convention.sequence.islower():
        return convention
    spelled = replace(convention, sequence=convention.sequence[::-1].swapcase())
    return replace(spelled, name=spelled.spec)


def transposed_reading(convention: EulerConvention) -> EulerConvention:
    """The convention that makes the transposed rotations of the same triples.

    The inverse of A B C is the product of the inverses in reverse order: the reversed sequence with all signs changed.
    """
    order, signs = convention.order, tuple(-sign for sign in convention.signs)
    if convention.angles is PROPER_ANGLES:  # named after their place in the sequence, which is reversed
        order = tuple(PROPER_ANGLES[2 - PROPER_ANGLES.index(angle)] for angle in order)
        signs = signs[::-1]
    turned = EulerConvention("", convention.sequence[::-1], signs, order, convention.unit)
    return replace(turned, name=turned.spec)


@lru_cache(maxsize=1)
def _with_angles() -> tuple[EulerConvention, ...]:
    loaded = (CONVENTIONS.load(name) for name in CONVENTIONS)
    return tuple(convention for convention in loaded if convention.has_angles)


@lru_cache(maxsize=1024)
def _written_as(convention: EulerConvention, order: tuple[str, ...] | None, unit: str | None) -> EulerConvention:
    if order is not None and sorted(order) == sorted(convention.angles):
        convention = replace(convention, order=order)
    return replace(convention, unit=unit or convention.unit)


@lru_cache(maxsize=1 << 15)
def _same_angles(a: EulerConvention, b: EulerConvention) -> bool:
    """Whether two conventions differ at most in unit and order."""
    if a.angles != b.angles:
        return False
    return reading_of(replace(a, order=a.angles, unit="deg")) == reading_of(replace(b, order=b.angles, unit="deg"))
