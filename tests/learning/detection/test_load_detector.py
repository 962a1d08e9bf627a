import numpy as np
import pytest

from synhead_tools.errors import CheckpointError
from synhead_tools.learning.detection.bundled_detectors import BUNDLED_DETECTORS, DEFAULT_DETECTOR, bundled_detectors
from synhead_tools.learning.detection.detect import Detector
from synhead_tools.learning.detection.load_detector import load_detector
from synhead_tools.learning.face_finders import bundled_face_finder
from tests.learning.detection.random_detectors import picture, random_network, write_detector


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A folder of bundled models with a detector of four vertices in it."""
    monkeypatch.setenv("SYNHEAD_MODELS", str(tmp_path / "models"))
    write_detector(tmp_path / "models" / DEFAULT_DETECTOR, random_network(mesh_vertices=4))
    return tmp_path / "models"


def test_the_bundled_one_is_loaded_by_its_name_and_by_no_name(models, tmp_path, monkeypatch):
    assert set(bundled_detectors()) == set(BUNDLED_DETECTORS)
    monkeypatch.chdir(tmp_path)
    write_detector(tmp_path / DEFAULT_DETECTOR, random_network(mesh_vertices=5))
    vertices = {
        name: load_detector(name).network.mesh.vertices for name in (None, DEFAULT_DETECTOR, models / "detector")
    }
    assert vertices == {None: 4, DEFAULT_DETECTOR: 5, models / "detector": 4}  # what is on disk goes before a name
    assert isinstance(load_detector(), Detector)


def test_faces_for_estimators_come_from_the_bundled_one(models):
    network = random_network(mesh_vertices=0)
    write_detector(models / DEFAULT_DETECTOR / "other", network, certain=True)
    for file in ("model.json", "model.safetensors"):
        (models / DEFAULT_DETECTOR / file).write_bytes((models / DEFAULT_DETECTOR / "other" / file).read_bytes())
    name, find_faces = bundled_face_finder()
    assert name == DEFAULT_DETECTOR
    box = find_faces(picture((64, 64)))
    assert len(box) > 1
    np.testing.assert_allclose(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1])


def test_where_none_is_bundled_it_is_said_in_a_line(tmp_path, monkeypatch):
    for folder in (tmp_path, tmp_path / "nowhere"):
        monkeypatch.setenv("SYNHEAD_MODELS", str(folder))
        assert bundled_detectors() == {}
        assert bundled_face_finder() is None
        with pytest.raises(CheckpointError, match="no face detector is bundled here; name one by --model"):
            load_detector()
        with pytest.raises(CheckpointError, match="no face detector 'detector'.*none is bundled"):
            load_detector("detector")


def test_a_name_that_nobody_bears_is_answered_with_those_there_are(models):
    for name in ("detecter", ""):
        with pytest.raises(CheckpointError, match="or one of the bundled detector$"):
            load_detector(name)


def test_an_estimator_is_no_detector(random_checkpoint):
    with pytest.raises(CheckpointError, match="not the record of a synhead face detector"):
        load_detector(random_checkpoint())
