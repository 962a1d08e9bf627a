"""Which pictures of a folder have a label file beside them, as in 300W-LP and AFLW2000-3D."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from synhead_tools.errors import LabelFormatError

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png")
LABEL_SUFFIX = ".mat"

_PARTS = ("AFW", "HELEN", "IBUG", "LFPW")
SUBSETS = tuple(name + twin for name in _PARTS for twin in ("", "_Flip"))
"""The folders of 300W-LP."""

_OTHER_FOLDERS = {"landmarks", "Code", "__MACOSX"}
"""Of 300W-LP: more points, programs; and what an archive program of macOS adds."""

_ENTRIES_LOOKED_AT = 2000


@dataclass(frozen=True)
class LabelledPictures:
    """Pictures with label files, sorted by name.

    Attributes
    ----------
    names : list of str
        Path below the folder, with ``/`` and without suffix.
    pictures, label_files : list of Path
        One of each per name.
    without_picture, without_labels : list of str
        Files that lack their twin.
    """

    names: list[str] = field(default_factory=list)
    pictures: list[Path] = field(default_factory=list)
    label_files: list[Path] = field(default_factory=list)
    without_picture: list[str] = field(default_factory=list)
    without_labels: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.names)

    def problems(self) -> list[str]:
        """One line for each kind of file that lacks its twin, and for names that a label column cuts short."""
        found = []
        for files, lacking in ((self.without_picture, "picture"), (self.without_labels, "label file")):
            if files:
                found.append(f"{len(files)} files have no {lacking} of the same name ({files[0]} is the first)")
        long = [name for name in self.names if len(os.fsencode(name)) > 64]
        if long:
            found.append(f"{len(long)} names are longer than 64 bytes, target_id holds their ends ({long[0]})")
        return found


def folder_counts(names: list[str]) -> dict[str, int]:
    """Number of `names` in each folder, by its path; ``""`` is the folder itself."""
    return dict(sorted(Counter(name.rpartition("/")[0] for name in names).items()))


def find_labelled_pictures(root: Path) -> LabelledPictures:
    """Look through `root` and the folders in it.

    Raises
    ------
    LabelFormatError
        `root` is no folder, a folder in it cannot be read, or two pictures share one label file.
    """
    if not root.is_dir():
        raise LabelFormatError(f"{root} is not a folder; give one of 300W-LP or AFLW2000")
    rows, without_picture, without_labels = [], [], []
    for folder, folders, names in os.walk(root, onerror=_refuse):
        folders[:] = [name for name in folders if name not in _OTHER_FOLDERS and not name.startswith(".")]
        above = Path(folder).relative_to(root).as_posix()
        prefix = "" if above == "." else f"{above}/"
        labels, pictures = _by_stem(names, (LABEL_SUFFIX,), folder), _by_stem(names, PICTURE_SUFFIXES, folder)
        without_picture += [prefix + name for stem, name in labels.items() if stem not in pictures]
        without_labels += [prefix + name for stem, name in pictures.items() if stem not in labels]
        rows += [
            (prefix + stem, Path(folder, pictures[stem]), Path(folder, name))
            for stem, name in labels.items()
            if stem in pictures
        ]
    rows.sort(key=lambda row: row[0])
    names, pictures, label_files = map(list, zip(*rows, strict=True)) if rows else ([], [], [])
    return LabelledPictures(names, pictures, label_files, sorted(without_picture), sorted(without_labels))


def has_pair(folder: Path) -> bool:
    """Whether among the first entries of `folder` there is a .mat file with a picture of its name."""
    try:
        with os.scandir(folder) as entries:
            for entry in itertools.islice(entries, _ENTRIES_LOOKED_AT):
                stem, suffix = os.path.splitext(entry.path)  # noqa: PTH122 -- a Path per entry is ten times slower
                if suffix.lower() == LABEL_SUFFIX and any(Path(stem + end).is_file() for end in PICTURE_SUFFIXES):
                    return True
    except OSError:
        return False
    return False


def _by_stem(names: list[str], suffixes: tuple[str, ...], folder: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        stem, suffix = os.path.splitext(name)  # noqa: PTH122 -- a Path per entry is ten times slower
        if suffix.lower() not in suffixes or name.startswith("."):
            continue
        if stem in found:
            raise LabelFormatError(f"{folder}: {found[stem]} and {name} share one name; remove one")
        found[stem] = name
    return found


def _refuse(error: OSError) -> None:
    raise LabelFormatError(f"{error.filename} cannot be read ({error.strerror or error}); allow it or move it away")
