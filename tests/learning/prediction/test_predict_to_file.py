import io
import json

import numpy as np
import pytest
from PIL import Image

from synhead_tools.errors import LabelFormatError, OutputExistsError, PictureError
from synhead_tools.learning.load_estimator import load_estimator
from synhead_tools.learning.prediction.answers import AnswerStyle
from synhead_tools.learning.prediction.box_table import BoxTable
from synhead_tools.learning.prediction.face_boxes import WholePicture
from synhead_tools.learning.prediction.predict_to_file import PredictionOptions, predict_to_file


@pytest.fixture(scope="module")
def estimator(random_checkpoint):
    return load_estimator(random_checkpoint())


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (40, 50, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "in" / f"{number}.png")
    return tmp_path / "in"


def test_a_path_and_an_open_file_get_the_same(estimator, folder, tmp_path):
    style, options = AnswerStyle(("hopenet",), ("euler", "rotmat")), PredictionOptions(batch_size=2)
    facts = {"model": "m"}
    counts = predict_to_file(
        estimator, [folder], WholePicture(), tmp_path / "a.json", style=style, options=options, facts=facts
    )
    stream = io.BytesIO()
    predict_to_file(
        estimator, [folder], WholePicture(), stream, style=style, options=options, facts=facts, stream_suffix=".json"
    )
    assert stream.getvalue() == (tmp_path / "a.json").read_bytes()
    told = json.loads(stream.getvalue())
    assert (told["model"], told["boxes"], told["rotation_frame"]) == ("m", "the whole picture", "crop ray")
    assert len(told["answers"]) == told["faces"] == counts.faces == 3
    assert "frame_number" not in told["answers"][0]


def test_the_same_inputs_give_the_same_bytes_drawn_and_written(estimator, folder, tmp_path):
    for run in ("first", "second"):
        predict_to_file(estimator, [folder], WholePicture(), tmp_path / f"{run}.csv", draw=tmp_path / run)
    assert (tmp_path / "first.csv").read_bytes() == (tmp_path / "second.csv").read_bytes()
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()


def test_what_goes_wrong_leaves_nothing(estimator, folder, tmp_path):
    before = sorted(path.name for path in tmp_path.iterdir())
    table = BoxTable([("other.png", None, (1.0, 2.0, 3.0, 4.0))], "boxes.csv")
    with pytest.raises(LabelFormatError, match="none of the 3 pictures"):
        predict_to_file(estimator, [folder], table, tmp_path / "a.csv", draw=tmp_path / "drawn")
    with pytest.raises(PictureError, match="no picture and no video"):
        predict_to_file(estimator, [], WholePicture(), tmp_path / "a.csv")
    with pytest.raises(PictureError, match="its name must end with"):
        predict_to_file(estimator, [folder], WholePicture(), tmp_path / "a.xlsx")
    with pytest.raises(OutputExistsError, match="is an input"):
        predict_to_file(
            estimator, [folder / "0.png"], WholePicture(), io.BytesIO(), draw=folder / "0.png", overwrite=True
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == before
