"""Where the fields of points stand that are shaded `LANES` at a time.

Points are shaded stage after stage in one flat array: field f of lane i is number f LANES + i. So each stage is a loop
of fixed length without branches, which compilers turn into vector instructions.
"""

from __future__ import annotations

from synhead_tools.rendering.cpu.compiled import inlined

LANES = 16
# Fields. Texture coordinates, normal, footprint in texels, place in the picture; material, in the order of the columns
# of `PackedHead.material`; view, its cosine with the normal, light, highlight, colour.
U, V, NORMAL, TEXELS, PLACE_X, PLACE_Y, TINT = (k * LANES for k in (0, 1, 2, 5, 6, 7, 8))
SCALE, SHIFT, SHINY = (k * LANES for k in (11, 14, 17))
VIEW, N_V, DIFFUSE, SHINE, COLOUR, FIELDS = (k * LANES for k in (21, 24, 25, 28, 31, 34))
WEIGHTS = VIEW  # of texels: eight fields that are written again afterwards
# Keeps places from looking as if they could be negative, which would keep the loops from being vectorised.
NOT_NEGATIVE = (1 << 40) - 1


@inlined
def field_place(k):
    """Place, in the fields, of those of point `k`: to be added to that of a field."""
    return ((k // LANES * FIELDS) + k % LANES) & NOT_NEGATIVE
