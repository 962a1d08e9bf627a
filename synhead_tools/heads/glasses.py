"""Glasses fitted to a head: wire or plastic rims, bridge, temples to the ears, and lenses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synhead_tools.heads.head import Part
from synhead_tools.heads.recipe import HeadRecipe
from synhead_tools.heads.regions import Region
from synhead_tools.heads.surface import vertex_normals
from synhead_tools.heads.wires import joined, tube
from synhead_tools.heads.worn_shape import WornShape, reach

_RIM_POINTS = 40
_WRAP_RADIUS_M = 0.17  # of the cylinder both lenses lie on
_TILT = np.tan(np.radians(8.0))  # lower rims stand nearer to the cheeks
_LENS_BELOW_EYE_M = 0.003
_SKIN_CLEARANCE_M, _LASH_CLEARANCE_M = 0.0012, 0.0010
_FARTHEST_FORWARD_M = 0.034  # of the lenses from the eyeballs' centres; then the bridge is made wider instead
_BRIDGES_M = (0.016, 0.018, 0.020, 0.022, 0.025)
_USUAL_FACE_M = 0.142  # between the ends of the jaw line
_VEIL_ALPHA, _GLINT_ALPHA = 0.04, 0.30  # of clear glass: everywhere, and where it mirrors a window
_EARPIECE_DROP_M, _EARPIECE_BACK_M = 0.030, 0.005


@dataclass(frozen=True)
class GlassesStyle:
    """Shape of a frame, for a face of usual width.

    Attributes
    ----------
    width_m, height_m : float
        Of one lens.
    squareness : float
        Exponent of the superellipse: 2 is an ellipse, large is a rectangle.
    droop : float
        How much wider the lens is below than above, as a share; it hangs outwards like a drop.
    rim_m, temple_m : tuple of 2 floats
        Half width and half height of the tubes.
    dark : bool
        Whether the lenses are opaque.
    gloss, specular : float
        Of the frame.
    """

    width_m: float
    height_m: float
    squareness: float
    droop: float
    rim_m: tuple[float, float]
    temple_m: tuple[float, float]
    dark: bool = False
    gloss: float = 60.0
    specular: float = 0.06


STYLES = {
    "round": GlassesStyle(0.045, 0.042, 2.0, 0.0, (0.0009, 0.0009), (0.0009, 0.0012), gloss=90.0, specular=0.25),
    "rectangular": GlassesStyle(0.051, 0.034, 4.0, 0.06, (0.0017, 0.0017), (0.0013, 0.0028)),
    "aviator": GlassesStyle(0.055, 0.046, 2.3, 0.16, (0.0008, 0.0008), (0.0009, 0.0011), gloss=90.0, specular=0.25),
    "sunglasses": GlassesStyle(0.053, 0.042, 3.0, 0.10, (0.0020, 0.0020), (0.0016, 0.0040), dark=True),
}


@dataclass(frozen=True, eq=False)
class _Fit:
    """Where a frame sits: lens centres at (+-centre_x, centre_y), its middle at z = front_m; head frame."""

    scale: float
    centre_x: float
    centre_y: float
    front_m: float

    def depth(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return z of the surface both lenses lie on."""
        return self.front_m + x**2 / (2 * _WRAP_RADIUS_M) + (y - self.centre_y) * _TILT


def glasses_parts(recipe: HeadRecipe, shape: WornShape) -> list[Part]:
    """Return frame and lenses of the glasses a recipe names, on a head.

    Clear lenses are laid over what is behind them as a faint veil with a glint; they refract nothing, and labels know
    nothing of them. Dark ones are opaque, and hide the eyes.
    """
    style = STYLES[recipe.glasses]
    fit = _fitted(style, shape)
    outline = _outline(style, fit)
    rims = [_mirrored(outline, side) for side in (-1, 1)]
    pieces = [tube(rim, *style.rim_m, up=np.array([0.0, 0.0, 1.0]), closed=True) for rim in rims]
    pieces.append(_bridge(style, fit, outline, shape))
    pieces += [_temple(style, outline, side, shape) for side in (-1, 1)]
    vertices, normals, triangles = joined(pieces)
    frame = _part("glasses", vertices, normals, triangles, np.full((len(vertices), 2), 0.5), _plain(recipe.glasses_rgb))
    return [_shiny(frame, style), _lenses(style, fit, rims)]


def _fitted(style: GlassesStyle, shape: WornShape) -> _Fit:
    """Place the frame before brows, lashes and cheeks; widen the bridge as long as the nose pushes it far forward."""
    face_m = shape.landmarks[16, 0] - shape.landmarks[0, 0]
    scale = float(np.clip(face_m / _USUAL_FACE_M, 0.88, 1.15))
    fits = []
    for bridge_m in _BRIDGES_M:
        centre_x = scale * (bridge_m + style.width_m) / 2
        flat = _Fit(scale, centre_x, _LENS_BELOW_EYE_M, 0.0)
        fits.append(_Fit(scale, centre_x, _LENS_BELOW_EYE_M, _front(style, flat, shape)))
        if fits[-1].front_m >= -_FARTHEST_FORWARD_M:
            break
    return max(fits, key=lambda fit: fit.front_m)


def _front(style: GlassesStyle, flat: _Fit, shape: WornShape) -> float:
    """Return the z at which a frame at z = 0 touches nothing: rims clear the skin, lenses the lashes."""
    outline = _outline(style, flat)
    rims = np.concatenate([_mirrored(outline, side) for side in (-1, 1)])
    skin = -reach(rims[:, :2], shape.skin * [1, 1, -1], shape.triangles, (0, 1, 2))
    free = (skin - rims[:, 2]).min() - _SKIN_CLEARANCE_M - max(style.rim_m)
    strands = shape.strands[_inside(style, flat, shape.strands)]
    if len(strands):
        free = min(free, (strands[:, 2] - flat.depth(strands[:, 0], strands[:, 1])).min() - _LASH_CLEARANCE_M)
    return float(free)


def _outline(style: GlassesStyle, fit: _Fit) -> np.ndarray:
    """Return the rim (R, 3) on the subject's left, from its outer end over the top to the nose and back below."""
    angle = 2 * np.pi * np.arange(_RIM_POINTS) / _RIM_POINTS
    u, v = np.cos(angle), np.sin(angle)
    u, v = (np.sign(w) * np.abs(w) ** (2 / style.squareness) for w in (u, v))
    y = fit.centre_y - fit.scale * style.height_m / 2 * v
    wider = 1 - style.droop * v  # below
    x = fit.centre_x + fit.scale * style.width_m / 2 * np.where(u > 0, u * (1 + (wider - 1) / 3), u * wider)
    return np.column_stack([x, y, fit.depth(x, y)])


def _inside(style: GlassesStyle, fit: _Fit, points: np.ndarray) -> np.ndarray:
    u = (np.abs(points[:, 0]) - fit.centre_x) / (fit.scale * style.width_m / 2)
    v = (points[:, 1] - fit.centre_y) / (fit.scale * style.height_m / 2)
    return np.abs(u) ** style.squareness + np.abs(v) ** style.squareness < 1.1


def _mirrored(points: np.ndarray, side: int) -> np.ndarray:
    return points * [side, 1, 1]


def _bridge(style: GlassesStyle, fit: _Fit, outline: np.ndarray, shape: WornShape) -> tuple[np.ndarray, np.ndarray]:
    """A low arch over the nose between the rims' inner ends."""
    inner = outline[np.argmin(np.abs(outline[:, 1] - (fit.centre_y - 0.2 * style.height_m)) + 10 * outline[:, 0])]
    x = np.linspace(-inner[0], inner[0], 13)
    arch = 1 - (x / inner[0]) ** 2
    y = inner[1] - 0.0035 * arch
    nose = -reach(np.column_stack([x, y]), shape.skin * [1, 1, -1], shape.triangles, (0, 1, 2))
    needed = np.maximum(inner[2] - (nose - _SKIN_CLEARANCE_M - max(style.rim_m)), 0)
    forward = np.maximum(0.002, (needed / np.maximum(arch, 0.3)).max())
    path = np.column_stack([x, y, inner[2] - forward * arch])
    return tube(path, *style.rim_m, up=np.array([0.0, 1.0, 0.0]), closed=False)


def _temple(style: GlassesStyle, outline: np.ndarray, side: int, shape: WornShape) -> tuple[np.ndarray, np.ndarray]:
    """From the rim's outer end back to the ear, close to the head, and down behind it."""
    root, groove = (points[(side + 1) // 2] for points in (shape.ear_roots, shape.ear_grooves))
    outer = outline[np.argmax(outline[:, 0] - 0.6 * np.abs(outline[:, 1] + 0.25 * style.height_m - 0.003))]
    hinge = outer + [0.004, 0.0, 0.004]
    end = np.array([abs(root[0]) + style.temple_m[0], root[1] - style.temple_m[1], root[2]])
    share = np.linspace(0, 1, 15)[:, None]
    arm = hinge + share * (end - hinge)
    skin = shape.skin * [side, 1, 1]
    beside = reach(arm[:, [1, 2]], skin, shape.triangles[~shape.ear], (1, 2, 0))
    push = np.maximum(beside + _SKIN_CLEARANCE_M + style.temple_m[0] - arm[:, 0], 0)
    arm[:, 0] += np.convolve(np.pad(push, 2, "edge"), [0.15, 0.2, 0.3, 0.2, 0.15], "valid").clip(push)
    behind = groove * [side, 1, 1] + [0.0015, 0.0, 0.001]
    tip = behind[-1] + [-0.002, _EARPIECE_DROP_M - (behind[-1, 1] - root[1]), _EARPIECE_BACK_M]
    path = np.concatenate([outer[None], arm, behind, tip[None]])
    return tube(_mirrored(path, side), *style.temple_m, up=np.array([0.0, 1.0, 0.0]), closed=False)


def _lenses(style: GlassesStyle, fit: _Fit, rims: list[np.ndarray]) -> Part:
    pieces, uvs = [], []
    for rim in rims:
        centre = rim.mean(axis=0)
        rings = [centre + share * (rim - centre) for share in (0.33, 0.66, 1.0)]
        for ring in rings:
            ring[:, 2] = fit.depth(ring[:, 0], ring[:, 1])
        vertices = np.concatenate([centre[None], *rings])
        vertices[0, 2] = fit.depth(centre[0], centre[1])
        pieces.append((vertices, _fan(len(rim), len(rings), turned=rim[0, 0] < centre[0])))
        size = np.ptp(rim[:, :2], axis=0).max() * 1.02
        uvs.append(0.5 + (vertices[:, :2] - centre[:2]) / size)
    vertices, _, triangles = joined(pieces)
    normals = vertex_normals(vertices, triangles)
    picture = _dark_lens() if style.dark else _glint()
    part = _part("lenses", vertices, normals, triangles, np.concatenate(uvs), picture)
    mode = "opaque" if style.dark else "blend"
    return Part(**{**vars(part), "alpha_mode": mode, "two_sided": True, "specular": 0.06, "gloss": 200.0})


def _fan(points: int, rings: int, turned: bool) -> np.ndarray:
    here, following = np.arange(points), np.roll(np.arange(points), -1)
    triangles = [np.column_stack([np.zeros(points, int), 1 + here, 1 + following])]
    for ring in range(rings - 1):
        a, b = 1 + ring * points + here, 1 + ring * points + following
        triangles += [np.column_stack([a, a + points, b]), np.column_stack([b, a + points, b + points])]
    return np.concatenate(triangles)[:, ::-1] if turned else np.concatenate(triangles)


def _part(name: str, vertices, normals, triangles, uv, picture) -> Part:
    return Part(
        name=name,
        vertices_m=vertices.astype(np.float32),
        normals=normals.astype(np.float32),
        uv=np.clip(uv, 0, 1).astype(np.float32),
        triangles=triangles.astype(np.int32),
        triangle_region=np.full(len(triangles), Region.GLASSES, dtype=np.uint8),
        texture=picture,
    )


def _shiny(part: Part, style: GlassesStyle) -> Part:
    return Part(**{**vars(part), "specular": style.specular, "gloss": style.gloss})


def _plain(rgb: tuple[float, float, float]) -> np.ndarray:
    picture = np.full((4, 4, 4), 255, dtype=np.uint8)
    picture[..., :3] = np.round(np.array(rgb) * 255)
    return picture


def _dark_lens() -> np.ndarray:
    """Dark glass, a little lighter below."""
    rows = np.linspace(22, 52, 32)[:, None, None] * np.array([1.0, 0.96, 0.92])
    picture = np.full((32, 32, 4), 255, dtype=np.uint8)
    picture[..., :3] = np.round(rows)
    return picture


def _glint() -> np.ndarray:
    """A faint veil, and two slanting streaks of light across a lower corner of clear glass, where no landmark lies."""
    v, u = np.mgrid[0:128, 0:128] / 127
    across = 0.8 * u + v
    streak = np.maximum(
        *(np.clip((half - np.abs(across - at)) / 0.03, 0, 1) for at, half in ((1.25, 0.06), (1.36, 0.03)))
    )
    picture = np.full((128, 128, 4), 225, dtype=np.uint8)
    picture[..., 3] = np.round(255 * (_VEIL_ALPHA + (_GLINT_ALPHA - _VEIL_ALPHA) * streak))
    return picture
