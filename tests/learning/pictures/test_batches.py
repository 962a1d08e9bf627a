from dataclasses import replace

import torch

from synhead_tools.learning.pictures.batches import SourceStream, TargetStream, plain_pictures
from synhead_tools.learning.pictures.data import read_crops, read_labelled_crops
from synhead_tools.learning.pose_heads.label_scale import LabelScale


def test_streams_repeat_for_a_seed_and_differ_between_seeds_and_stages(toy_source, toy_target, small_config):
    source = read_labelled_crops(toy_source, small_config.crop_px)
    target = read_crops(toy_target, small_config.crop_px)
    scale = LabelScale.of(source.euler_deg.numpy())

    def first(config, stage):
        batch = SourceStream(source, scale, config, stage).next()
        return batch.pictures, batch.wanted, TargetStream(target, config, stage).next().pictures

    reference = first(small_config, "stage1")
    assert all(torch.equal(a, b) for a, b in zip(reference, first(small_config, "stage1"), strict=True))
    for other in (first(small_config, "stage2"), first(replace(small_config, seed=1), "stage1")):
        assert not any(torch.equal(a, b) for a, b in zip(reference, other, strict=True))
    assert reference[0].shape == reference[2].shape == (16, 3, 32, 32)


def test_the_background_is_new_in_every_batch_and_the_head_stays(toy_source, small_config):
    plain = replace(
        small_config, augmentation=0.0, flip_probability=0.0, turn_deg=0.0, crop_scale_jitter=0.0, crop_shift_jitter=0.0
    )
    source = read_labelled_crops(toy_source, plain.crop_px, rows=range(1))
    both = read_labelled_crops(toy_source, plain.crop_px, rows=[0, 0])
    stream = SourceStream(source, LabelScale((0, 0, 0), (1, 1, 1)), replace(plain, batch_size=2), "stage1")
    first, second = stream.next().pictures
    outside, inside = (both.pictures[0, 8:40, 8:40, 3] == value for value in (0, 255))
    assert (first - second).abs()[:, outside].mean() > 0.1
    torch.testing.assert_close(first[:, inside], second[:, inside])
    torch.testing.assert_close(first[:, inside], plain_pictures(both, slice(0, 1), 32, 1.5)[0][:, inside])


def test_weights_of_zero_are_never_drawn(toy_source, small_config):
    source = read_labelled_crops(toy_source, small_config.crop_px)
    plain = replace(small_config, flip_probability=0.0, turn_deg=0.0, batch_size=len(source))
    weights = torch.zeros(len(source))
    weights[[3, 8]] = torch.tensor([1.0, 3.0])
    scores = SourceStream(source, LabelScale((0, 0, 0), (1, 1, 1)), plain, "stage2", weights).next().wanted
    drawn = [int((source.euler_deg - row).abs().sum(1).argmin()) for row in scores]
    assert set(drawn) == {3, 8}
    assert drawn.count(8) == 0.75 * len(source)


def test_plain_pictures_of_the_target_are_those_of_the_same_faces(toy_target, small_config):
    target = read_crops(toy_target, 48)
    still = replace(
        small_config, batch_size=len(target), augmentation=0.0, flip_probability=0.0, turn_deg=0.0,
        crop_scale_jitter=0.0, crop_shift_jitter=0.0,
    )  # fmt: skip
    batch = TargetStream(target, still, "stage2", plain=True).next()
    torch.testing.assert_close(batch.plain_pictures, batch.pictures)
    moved = TargetStream(target, replace(still, flip_probability=1.0), "stage2", plain=True).next()
    assert torch.equal(moved.plain_pictures, batch.plain_pictures)
    torch.testing.assert_close(moved.pictures, batch.pictures.flip(-1), atol=1e-4, rtol=0)
    assert TargetStream(target, still, "stage2").next().plain_pictures is None
