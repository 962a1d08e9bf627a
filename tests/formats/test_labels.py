from synhead_tools.formats import labels, labels_parquet, pose_csv
from synhead_tools.geometry import euler


def test_one_module_offers_every_label_file():
    for name in labels.__all__:
        homes = [getattr(room, name) for room in (pose_csv, labels_parquet, euler) if hasattr(room, name)]
        assert homes == [getattr(labels, name)]
