"""Read again with tarfile and json alone."""

import hashlib
import io
import json
import tarfile

import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import ExportError
from synhead_tools.formats.datasets.w300lp import W300LP
from synhead_tools.formats.exporters.pictures import PictureStyle
from synhead_tools.formats.exporters.w300lp import export as export_w300lp
from synhead_tools.formats.exporters.webdataset import export
from synhead_tools.formats.sample import PICTURE_COLUMNS
from synhead_tools.geometry.euler import rotmat_from_euler


def _samples(folder):
    """Samples as the library groups them: files of one key, which ends at the first dot, side by side."""
    samples = {}
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path) as tar:
            for member in tar:
                key, _, suffix = member.name.partition(".")
                samples.setdefault((path.name, key), {})[suffix] = tar.extractfile(member).read()
    return samples


def test_pictures_and_labels_read_back(faces, tmp_path):
    dataset, columns = faces
    export(dataset, tmp_path / "out", convention="hopenet")
    samples = _samples(tmp_path / "out")
    assert list(samples) == [("train-000000.tar", f"{row:06d}") for row in range(5)]
    for row, files in enumerate(samples.values()):
        assert set(files) == {"png", "json"}
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(files["png"]))), columns["image"][row])
        told = json.loads(files["json"])
        for name, column in columns.items():
            if name not in PICTURE_COLUMNS:
                expected = column[row].decode() if column.dtype.kind == "S" else column[row]
                np.testing.assert_array_equal(np.array(told[name]).astype(np.array(expected).dtype), expected)
        assert told["euler_convention"] == "hopenet"
        back = rotmat_from_euler(told["euler_deg"], told["euler_convention"])
        np.testing.assert_allclose(back, columns["rotmat"][row], rtol=0, atol=1e-9)


def test_other_pictures_stand_beside_the_image(faces, tmp_path):
    dataset, columns = faces
    export(dataset, tmp_path / "out", pictures=PictureStyle("jpg"), also=("alpha", "region", "depth_m"))
    for row, files in enumerate(_samples(tmp_path / "out").values()):
        assert set(files) == {"jpg", "json", "alpha.png", "region.png", "depth_m.npy"}
        for name in ("alpha", "region"):
            got = np.asarray(Image.open(io.BytesIO(files[f"{name}.png"])))
            np.testing.assert_array_equal(got, columns[name][row])
        np.testing.assert_array_equal(np.load(io.BytesIO(files["depth_m.npy"])), columns["depth_m"][row])


def test_shards_have_about_the_size_asked_for_and_the_index_tells_what_they_are(endless, tmp_path):
    facts = export(endless(100), tmp_path / "out", split="val", shard_mb=0.2)
    index = json.loads((tmp_path / "out" / "index.json").read_text())
    assert (index["__kind__"], index["wids_version"]) == ("wids-shard-index-v1", 1)
    shards = index["shardlist"]
    assert len(shards) == facts["shards"] > 2
    assert [entry["url"] for entry in shards] == [f"val-{number:06d}.tar" for number in range(len(shards))]
    assert sum(entry["nsamples"] for entry in shards) == 100
    for entry in shards:
        data = (tmp_path / "out" / entry["url"]).read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (entry["sha256"], entry["filesize"])
        assert entry is shards[-1] or 200_000 <= len(data) < 240_000
    assert len({key for _, key in _samples(tmp_path / "out")}) == 100


def test_members_tell_nothing_of_the_machine(faces, tmp_path):
    export(faces[0], tmp_path / "out")
    with tarfile.open(tmp_path / "out" / "train-000000.tar") as tar:
        for member in tar:
            assert (member.mtime, member.uid, member.gid, member.uname, member.gname) == (0, 0, 0, "", "")
            assert (member.mode, member.isreg()) == (0o644, True)


def test_what_is_unknown_is_null(faces, tmp_path):
    export_w300lp(faces[0], tmp_path / "w300lp")
    export(W300LP(tmp_path / "w300lp"), tmp_path / "out")
    told = json.loads(next(iter(_samples(tmp_path / "out").values()))["json"])
    assert all(point[2] is None and point[0] is not None for point in told["landmarks68"])


@pytest.mark.parametrize(
    ("options", "word"),
    [({"split": "../x"}, "split"), ({"split": ""}, "split"), ({"shard_mb": 0}, "shard size"),
     ({"shard_mb": float("nan")}, "shard size"), ({"also": ("image",)}, "'image'"), ({"also": ("no",)}, "'no'")],
)  # fmt: skip
def test_impossible_options_are_refused(options, word, faces, tmp_path):
    with pytest.raises(ExportError, match=word):
        export(faces[0], tmp_path / "out", **options)
    assert list(tmp_path.iterdir()) == []
