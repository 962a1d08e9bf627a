"""Fixtures every room shares."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# shared machines stall at random: a deadline per example would fail tests for nothing
settings.register_profile("synhead", deadline=None, max_examples=25)
settings.load_profile("synhead")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real research data for tests marked `real`; skips only where there is no such folder."""
    repository = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("SYNHEAD_DATA", repository / "../shared/data")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set SYNHEAD_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def random_checkpoint(tmp_path_factory):
    """Write the checkpoint of a network that nobody trained: random_checkpoint(head="rot6d") -> its folder."""

    def write(backbone="resnet18", head="euler", width=4, input_px=32, margin=1.5, ray_frame=True, seed=0):
        import torch

        from synhead_tools.learning.checkpoint import Checkpoint, CheckpointRecord, save_checkpoint
        from synhead_tools.learning.model import PoseNetwork

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = PoseNetwork(backbone, width, head).eval()
            for module in network.modules():  # statistics that folding could get wrong
                if isinstance(module, torch.nn.BatchNorm2d):
                    module.running_mean.normal_(0, 0.2)
                    module.running_var.uniform_(0.5, 1.5)
            torch.nn.init.normal_(network.pose_head.weight, 0, 0.1)
        record = CheckpointRecord(
            backbone=backbone, backbone_width=width, input_px=input_px, margin=margin, convention="biwi+",
            label_mean_deg=[-4.0, -2.0, 1.0], label_std_deg=[15.0, 25.0, 8.0], image_mean=[0.485, 0.456, 0.406],
            image_std=[0.229, 0.224, 0.225], crop="face box", ray_frame=ray_frame, method="source-only", stage="final",
            steps={"stage1": 1, "stage2": 0}, precision="float32", bn_mode="frozen", test_time_statistics="source",
            source={"dataset": "toy", "subset": "all"}, target=None, target_labels_used=False,
            effective_sample_size=None, config={"seed": 3}, tool_version="0", head=head,
        )  # fmt: skip
        return save_checkpoint(tmp_path_factory.mktemp("checkpoint"), Checkpoint(network, record))

    return write
