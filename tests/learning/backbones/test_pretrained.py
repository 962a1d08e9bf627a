import hashlib

import pytest
import torch

from synhead_tools.errors import CheckpointError
from synhead_tools.learning.backbones.pretrained import IMAGENET_FILES, find_weights
from synhead_tools.learning.backbones.resnet import resnet18
from synhead_tools.learning.config import TrainConfig
from synhead_tools.learning.model import build_network


@pytest.fixture
def published(tmp_path):
    """A folder that stands for the publisher's, with one file named by its hash."""
    folder = tmp_path / "published"
    folder.mkdir()
    torch.save(resnet18(width=8).state_dict(), folder / "w.pth")
    digest = hashlib.sha256((folder / "w.pth").read_bytes()).hexdigest()
    return (folder / "w.pth").rename(folder / f"resnet18-{digest[:8]}.pth"), digest


def test_a_published_file_is_fetched_once_and_its_hash_is_in_its_name(published, tmp_path):
    file, _ = published
    place = {"cache": tmp_path / "cache", "url": file.parent.as_uri() + "/"}
    kept = find_weights(file.name, "resnet18", **place)
    assert kept.read_bytes() == file.read_bytes()
    file.unlink()
    assert find_weights(file.name, "resnet18", **place) == kept
    kept.write_bytes(b"something else")
    with pytest.raises(CheckpointError, match="it is another file"):
        find_weights(file.name, "resnet18", **place)


def test_a_fetched_file_of_another_hash_is_not_kept(published, tmp_path):
    file, _ = published
    wrong = file.rename(file.with_name("resnet18-00000000.pth"))
    with pytest.raises(CheckpointError, match="invalid hash value"):
        find_weights(wrong.name, "resnet18", cache=tmp_path / "cache", url=file.parent.as_uri() + "/")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("backbone", IMAGENET_FILES)
def test_without_a_network_one_line_says_what_to_do(tmp_path, backbone):
    with pytest.raises(CheckpointError, match=f"{backbone}-.*cannot be fetched.*give the path") as caught:
        find_weights("imagenet", backbone, cache=tmp_path, url=(tmp_path / "nowhere").as_uri() + "/")
    assert "\n" not in str(caught.value)


def test_a_files_hash_is_checked_when_it_is_given(published):
    file, digest = published
    plain = file.rename(file.with_name("mine.pth"))
    config = TrainConfig(backbone_width=8, init_weights=str(plain), init_sha256=digest)
    assert torch.equal(build_network(config).backbone.conv1.weight, torch.load(plain)["conv1.weight"])
    with pytest.raises(CheckpointError, match="another file"):
        build_network(TrainConfig(backbone_width=8, init_weights=str(plain), init_sha256="ab" * 32))
    with pytest.raises(CheckpointError, match="no weights file"):
        find_weights(str(plain) + "x", "resnet18")
