from synhead_tools.formats import labels, labels_parquet, pose_csv


def test_one_module_offers_every_label_file():
    for name in labels.__all__:
        home = pose_csv if hasattr(pose_csv, name) else labels_parquet
        assert getattr(labels, name) is getattr(home, name)
