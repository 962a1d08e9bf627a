"""What foreign datasets share: label columns in memory, read by row."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from synhead_tools.errors import LabelFormatError, ShardError
from synhead_tools.formats.row_blocks import row_numbers
from synhead_tools.formats.sample import COLUMNS, check_columns
from synhead_tools.input_files import read_input

PICTURE_PIXELS_LIMIT = 64_000_000
PICTURE_BYTES_LIMIT = 256 << 20


class LabelColumns:
    """Label columns of a foreign dataset; base of the readers, a `SampleSource` once `describe` is there.

    Parameters
    ----------
    path : path
        Named in messages.
    columns : dict of str to ndarray
        Columns of the schema, without pictures.

    Attributes
    ----------
    needs_convention : bool
        Whether the reader has to be told the Euler convention, because the files do not say it.
    """

    needs_convention = False

    def __init__(self, path: Path, columns: dict[str, np.ndarray]) -> None:
        self.path = Path(path)
        self._length = check_columns(columns, str(path))
        self._columns = {name: columns[name] for name in COLUMNS if name in columns}

    @classmethod
    def recognises_labels(cls, labels: Path) -> bool:
        """Whether `labels`, given beside a folder of pictures, is this reader's kind of label file."""
        return False

    def __len__(self) -> int:
        return self._length

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in schema order."""
        return tuple(self._columns)

    def read(self, name: str, rows: Any = None) -> np.ndarray:
        """Return column `name` of the samples `rows`: all when None, else integers in any order, repeats allowed.

        Raises
        ------
        ShardError
            No such column or row.
        """
        if name not in self.columns:
            raise ShardError(f"{self.path}: no column {name!r}; it has {', '.join(self.columns)}")
        return self._columns[name][row_numbers(rows, len(self), str(self.path))]

    def labels(self, rows: Any = None) -> dict[str, np.ndarray]:
        """Return every column that is not a picture, in schema order."""
        return {name: LabelColumns.read(self, name, rows) for name in self._columns}


class PictureFiles(LabelColumns):
    """Label columns with a column ``image``, one file per sample, read when asked for.

    Parameters
    ----------
    path, columns
        As for `LabelColumns`.
    files : list of Path
        The picture of each sample.
    size : tuple of 2 int, optional
        Height and width of every picture; those of the first one by default.
    """

    def __init__(
        self, path: Path, columns: dict[str, np.ndarray], files: list[Path], size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(path, columns)
        self._files, self._size = files, size

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, in schema order."""
        return ("image", *super().columns)

    def read(self, name: str, rows: Any = None) -> np.ndarray:
        """Return column `name` of the samples `rows`: all when None, else integers in any order, repeats allowed.

        Raises
        ------
        LabelFormatError
            A picture is missing, damaged, or not of the size of all; names it.
        ShardError
            No such column or row.
        """
        if name != "image":
            return super().read(name, rows)
        if self._size is None:
            self._size = load_picture(self._files[0]).shape[:2]
        rows = row_numbers(rows, len(self), str(self.path))
        return load_pictures([self._files[row] for row in rows], self._size)


def load_picture(path: Path, mode: str = "RGB") -> np.ndarray:
    """Read a picture file as (H, W, 3) uint8 RGB, or (H, W, 4) RGBA, as `mode` says.

    Raises
    ------
    LabelFormatError
        The file is missing, no picture, damaged, or larger than `PICTURE_PIXELS_LIMIT` pixels.
    """
    from PIL import Image

    try:
        data = read_input(path, PICTURE_BYTES_LIMIT, LabelFormatError, "restore the picture")
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > PICTURE_PIXELS_LIMIT:
                raise LabelFormatError(f"{path} has {picture.width} x {picture.height} pixels; scale it down")
            return np.asarray(picture.convert(mode))
    except LabelFormatError:
        raise
    except OSError as error:  # Pillow's "cannot identify" and "truncated" are OSErrors without strerror
        reason = error.strerror or "no picture, or damaged"
        raise LabelFormatError(f"{path} cannot be read ({reason}); restore the picture") from None
    except (ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise LabelFormatError(f"{path} is not a readable picture ({error}); restore it") from None


def load_pictures(paths: list[Path], size: tuple[int, int]) -> np.ndarray:
    """Read pictures of one size (height, width) into (N, H, W, 3) uint8 RGB.

    Raises
    ------
    LabelFormatError
        As `load_picture`, or a picture has another size.
    """
    out = np.empty((len(paths), *size, 3), np.uint8)
    for place, path in zip(out, paths, strict=True):
        picture = load_picture(path)
        if picture.shape[:2] != size:
            height, width = picture.shape[:2]
            raise LabelFormatError(f"{path} is {width} x {height} px; expected {size[1]} x {size[0]}")
        place[:] = picture
    return out
