"""What holds for every exporter of the table."""

import inspect
import json

import numpy as np
import pytest

from synhead_tools.errors import ExportError, OutputExistsError, SynheadError
from synhead_tools.formats.datasets.biwi_plus import BiwiPlusLabels
from synhead_tools.formats.exporters import EXPORTERS
from synhead_tools.formats.exporters.blocks import BLOCK_ROWS
from synhead_tools.formats.exporters.export_dataset import export_dataset
from synhead_tools.formats.exporters.pictures import PictureStyle
from synhead_tools.geometry.conventions import get_convention

pytestmark = pytest.mark.parametrize("name", EXPORTERS)


def _contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_says_what_it_wrote(name, faces, tmp_path):
    facts = export_dataset(faces[0], tmp_path / "out", name)
    told = json.loads((tmp_path / "out" / "export.json").read_text())
    assert told.items() >= facts.items()
    assert facts["format"] == name
    assert facts["frames"] == 5
    assert get_convention(told["convention"]).source
    assert told["source"]["dataset"] == "SynHead"
    assert told["heads"]["f00"]["licence"] == "CC0-1.0"


def test_the_same_samples_give_the_same_bytes(name, make_faces, tmp_path):
    for place in ("a", "b"):
        dataset, _ = make_faces(tmp_path / place / "data")
        export_dataset(dataset, tmp_path / place / "out", name)
    assert _contents(tmp_path / "a" / "out") == _contents(tmp_path / "b" / "out")


@pytest.mark.parametrize("column", ["image", "rotmat"])
def test_a_dataset_without_what_is_needed_is_refused_and_leaves_nothing(name, column, make_faces, tmp_path):
    dataset, _ = make_faces(tmp_path / "data", without=(column, "quat_xyzw"))
    with pytest.raises(ExportError, match=f"no column '{column}', which {name} needs") as error:
        export_dataset(dataset, tmp_path / "out", name)
    assert "\n" not in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_label_file_without_pictures_is_refused(name, tmp_path):
    names = np.array(["01/frame_00003_rgb.png"])
    np.savez(tmp_path / "labels.npz", images=names, pyr=np.zeros((1, 3)), bbox=np.array([[1, 2, 30, 30]]))
    with pytest.raises(ExportError, match="BIWI has no column 'image'"):
        export_dataset(BiwiPlusLabels(tmp_path / "labels.npz"), tmp_path / "out", name)


def test_a_large_dataset_passes_in_blocks(name, endless, tmp_path):
    dataset, seen = endless(3 * BLOCK_ROWS + 7), []
    facts = export_dataset(dataset, tmp_path / "out", name, progress=lambda done, total: seen.append((done, total)))
    assert facts["frames"] == len(dataset)
    assert dataset.largest_read == BLOCK_ROWS
    assert seen == [(done, len(dataset)) for done in (64, 128, 192, 199)]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_an_interrupted_export_leaves_what_was_there(name, error, endless, faces, tmp_path):
    def interrupt(done, total):
        raise error

    with pytest.raises(error if isinstance(error, type) else OSError):
        export_dataset(endless(100), tmp_path / "out", name, progress=interrupt)
    assert list(tmp_path.iterdir()) == []
    export_dataset(faces[0], tmp_path / "out", name)
    before = _contents(tmp_path)
    with pytest.raises(error if isinstance(error, type) else OSError):
        export_dataset(endless(100), tmp_path / "out", name, overwrite=True, progress=interrupt)
    assert _contents(tmp_path) == before


def test_only_an_export_of_the_same_kind_is_replaced(name, faces, endless, tmp_path):
    out = tmp_path / "out"
    export_dataset(endless(70), out, name)
    with pytest.raises(OutputExistsError, match="--overwrite"):
        export_dataset(faces[0], out, name)
    export_dataset(faces[0], out, name, overwrite=True)
    export_dataset(faces[0], tmp_path / "fresh", name)
    assert _contents(out) == _contents(tmp_path / "fresh")


def test_somebodys_files_in_an_export_are_kept(name, faces, tmp_path):
    out = tmp_path / "out"
    export_dataset(faces[0], out, name)
    folder = next((path for path in sorted(out.iterdir()) if path.is_dir()), out)
    (folder / "notes.txt").write_text("mine")
    before = _contents(out)
    with pytest.raises(OutputExistsError, match=r"notes\.txt"):
        export_dataset(faces[0], out, name, overwrite=True)
    assert _contents(out) == before


def test_a_background_goes_behind_the_head(name, faces, make_faces, tmp_path):
    style = PictureStyle(background=(10, 200, 30))
    facts = export_dataset(faces[0], tmp_path / "out", name, pictures=style)
    assert facts["background"] == [10, 200, 30]
    dataset, _ = make_faces(tmp_path / "data", without=("alpha",))
    with pytest.raises(ExportError, match="'alpha'"):
        export_dataset(dataset, tmp_path / "none", name, pictures=style)


def test_options_it_does_not_take_are_refused(name, faces, tmp_path):
    options = {"convention": "hopenet", "split": "val", "shard_mb": 1.0, "also": ("alpha",), "nonsense": 1}
    taken = inspect.signature(EXPORTERS.load(name)).parameters
    for option, value in options.items():
        if option in taken:
            export_dataset(faces[0], tmp_path / option, name, **{option: value})
        else:
            with pytest.raises(ExportError, match=f"{name} has no option '{option}'"):
                export_dataset(faces[0], tmp_path / option, name, **{option: value})
        assert (tmp_path / option).exists() == (option in taken)


def test_something_that_is_no_rotation_is_named(name, endless, tmp_path):
    dataset = endless(90)
    good = dataset.read

    def read(column, rows=None):
        found = good(column, rows).copy()
        if column == "rotmat":
            found[rows == 77] = np.diag([1.0, 1.0, -1.0])
        return found

    dataset.read = read
    with pytest.raises(SynheadError, match="sample 77: rotmat is not a rotation"):
        export_dataset(dataset, tmp_path / "out", name)
    assert list(tmp_path.iterdir()) == []
