"""Initial weights of a backbone: a file, or one of torchvision's published ones by name."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.error import URLError

import torch

from synhead_tools.errors import CheckpointError

URL = "https://download.pytorch.org/models/"

# The digits in a name are the beginning of the file's sha256.
IMAGENET_FILES = {
    "resnet18": "resnet18-f37072fd.pth",
    "resnet34": "resnet34-b627a593.pth",
    "resnet50": "resnet50-0676ba61.pth",
    "resnet152": "resnet152-394f9c45.pth",
}
_PUBLISHED_NAME = re.compile(r"resnet\d+-([0-9a-f]{8})\.pth")


def find_weights(
    weights: str, backbone: str, sha256: str | None = None, *, cache: str | Path | None = None, url: str = URL
) -> Path:
    """The file of initial weights, its hash checked where one is known.

    Parameters
    ----------
    weights : str
        A path; or ``imagenet``, or the name of a published file such as ``resnet18-f37072fd.pth``, unless there is a
        file of that name: these are fetched over the network once and kept.
    backbone : str
        Decides which file ``imagenet`` is.
    sha256 : str, optional
        What the file's sha256 must begin with. For published files their name says it.
    cache : path, optional
        Where fetched files are kept; torch's own folder of them by default.
    url : str
        Where published files are fetched from.

    Raises
    ------
    CheckpointError
        There is no such file, it cannot be fetched, or its hash is another.
    """
    path = Path(weights)
    if weights == "imagenet" and not path.is_file():
        if backbone not in IMAGENET_FILES:
            raise CheckpointError(f"there are no published ImageNet weights of {backbone!r}; give a file")
        weights = IMAGENET_FILES[backbone]
        path = Path(weights)
    published = _PUBLISHED_NAME.fullmatch(weights)
    if published and not path.is_file():
        path = _fetched(url + weights, Path(cache) if cache else Path(torch.hub.get_dir()) / "checkpoints")
    if not path.is_file():
        raise CheckpointError(f"there is no weights file {path}; give a path, or 'imagenet' to fetch one")
    for wanted in filter(None, (sha256, published and published[1])):
        _check_hash(path, wanted)
    return path


def _check_hash(path: Path, wanted: str) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else None
    found = found or hashlib.sha256(path.read_bytes()).hexdigest()
    if not found.startswith(wanted.lower()):
        raise CheckpointError(f"{path} has sha256 {found[:16]}..., not {wanted}; it is another file, fetch it again")


def _fetched(url: str, folder: Path) -> Path:
    path = folder / url.rpartition("/")[2]
    if path.is_file():
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(path), hash_prefix=path.stem[-8:], progress=False)
    except (URLError, OSError, RuntimeError) as error:
        reason = getattr(error, "reason", None) or str(error).splitlines()[0]
        raise CheckpointError(
            f"{url} cannot be fetched ({reason}); fetch it elsewhere and give the path of the file"
        ) from None
    return path
