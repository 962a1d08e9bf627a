"""The bundled detector on real photographs, beside YuNet in the same run.

    python benchmarks/detect_real.py DATA [--quick] [--model DETECTOR] [--python PYTHON --yunet ONNX] [--draw DIR]

DATA holds ``biwi_frames``, ``biwi_plus/Biwi_plus.npz`` and ``aflw2000_sample`` (research data, never part of synhead).
Both detectors look at each picture, ours scaled to 512 px on the longer side, YuNet at the picture's size, as it is
made for; scores from 0.5 (ours) and 0.6 (YuNet, as in OpenCV's examples), NMS 0.4 and 0.3.

`biwi_found`: frames whose surest face lies at the Biwi+ box: its middle within a third of a side, its size between a
third and one and a half, which allows for tight boxes. `biwi_box_iou`: median IoU of our squares
with the Biwi+ boxes; of YuNet, whose boxes are tight, by the one size and shift that fit these very boxes best, which
favours it. `biwi_pose_mae`: of the bundled estimator with our boxes, beside the same with Biwi+ boxes and with YuNet's
fitted ones. `biwi_mesh_pose`: of the mesh alone. `aflw_...`: found faces, errors of 5 and 68 points over sqrt(W H) of
the true points' box.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import report
import torch
import yunet

from synhead_tools.formats.open import open_any
from synhead_tools.geometry.boxes import box_iou
from synhead_tools.geometry.distance import geodesic_distance_deg
from synhead_tools.learning.detection.biwi_boxes import biwi_boxes
from synhead_tools.learning.detection.detections import Detections
from synhead_tools.learning.detection.drawing import draw_detections
from synhead_tools.learning.detection.face_detector import FILLED_BORDER, LONGEST_PX, FaceDetector
from synhead_tools.learning.detection.load_detector import load_detector
from synhead_tools.learning.detection.point_errors import by_yaw_bin, landmarks68_error, points5_error
from synhead_tools.learning.load_estimator import load_estimator
from synhead_tools.learning.prediction.picture_file import read_picture
from synhead_tools.learning.scores.metrics import mean_absolute_errors_deg, pitch_yaw_roll_deg

AT_MIDDLE, AT_SIZE = 1 / 3, (1 / 3, 1.5)
FOUND_IOU, QUICK_STEP = 0.3, 10
POSE_BINS_DEG = (30.0, 60.0)


def at_face(boxes: np.ndarray, face: np.ndarray) -> np.ndarray:
    """Whether boxes (n, 4) lie at square faces (4,) or (n, 4), be they tight or wide."""
    side = face[..., 2] - face[..., 0]
    apart = ((boxes[:, :2] + boxes[:, 2:]) / 2 - (face[..., :2] + face[..., 2:]) / 2) / side[..., None]
    size = np.sqrt(np.clip(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), 0, None)) / side
    return (np.abs(apart).max(axis=1) <= AT_MIDDLE) & (size >= AT_SIZE[0]) & (size <= AT_SIZE[1])


def surest(boxes: list[np.ndarray], true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether the surest face of each picture is the true one, and its box."""
    own = np.array([box[0] if len(box) else np.full(4, -1e6) for box in boxes])
    return at_face(own, true), own


def nearest(found: list[Detections], true: np.ndarray) -> tuple[list[int], np.ndarray]:
    """Number and box of the face that lies nearest to the true one, of each picture."""
    best = [int(box_iou(each.boxes_xyxy, face).argmax()) if len(each) else -1 for each, face in
            zip(found, true, strict=True)]  # fmt: skip
    boxes = [each.boxes_xyxy[k] if k >= 0 else np.full(4, -1e6) for each, k in zip(found, best, strict=True)]
    return best, np.array(boxes)


def false_faces(boxes: list[np.ndarray], true: np.ndarray) -> int:
    """Faces that are none, of pictures that show one each; a second box on the true face counts as well."""
    return sum(len(box) - bool(len(box) and at_face(box, face).any()) for box, face in zip(boxes, true, strict=True))


def look(detector: FaceDetector, paths: list[Path], draw: Path | None) -> list[Detections]:
    """What ours finds, one picture after the other."""
    found = []
    for path in paths:
        picture = read_picture(path)
        found += detector.detect([picture], second_border=FILLED_BORDER)
        if draw is not None:
            draw.mkdir(parents=True, exist_ok=True)
            image = draw_detections(picture, found[-1])
            image.save(draw / f"{path.stem}.png")
    return found


def by_pitch(values: np.ndarray, pitch_deg: np.ndarray) -> dict[str, float]:
    """Means of frames that look up much, somewhat, and not."""
    up = np.digitize(-pitch_deg, POSE_BINS_DEG)
    names = ("looking up to 30 deg", "30 to 60", "above 60")
    return {name: rounded(values[up == k].mean()) for k, name in enumerate(names) if (up == k).any()}


def rounded(value: float, digits: int = 4) -> float:
    return round(float(value), digits)


@dataclass(frozen=True)
class Frames:
    """The BIWI frames that are looked at, and what is true of them."""

    paths: list[Path]
    boxes: np.ndarray
    rotmat: np.ndarray
    intrinsics: np.ndarray

    @property
    def pitch_deg(self) -> np.ndarray:  # noqa: D102
        return pitch_yaw_roll_deg(self.rotmat)[:, 0]


@dataclass(frozen=True)
class Answers:
    """The boxes of every frame, whether the surest is right, and that one."""

    every: list[np.ndarray]
    hit: np.ndarray
    own: np.ndarray

    @classmethod
    def of(cls, boxes: list[np.ndarray], frames: Frames) -> Answers:  # noqa: D102
        return cls(boxes, *surest(boxes, frames.boxes))

    def fitted(self, frames: Frames) -> tuple[np.ndarray, list[float]]:
        """Squares by the best size and shift; NaN where nothing was found."""
        squares = np.full_like(self.own, np.nan)
        squares[self.hit], fit = yunet.fitted_squares(self.own[self.hit], frames.boxes[self.hit])
        return squares, fit


def measure_biwi(detector: FaceDetector, peer: yunet.YuNet | None, given: argparse.Namespace, facts: dict) -> None:
    """Found faces, boxes and poses on the BIWI frames."""
    source = open_any(given.data / "biwi_frames", labels=given.data / "biwi_plus" / "Biwi_plus.npz")
    rows = np.arange(0, len(source), QUICK_STEP if given.quick else 1)
    names = [name.decode() for name in source.read("target_id", rows).tolist()]
    frames = Frames(
        [given.data / "biwi_frames" / "hpdb" / name for name in names],
        np.asarray(source.read("face_box_xyxy", rows), float), source.read("rotmat", rows),
        source.read("intrinsics", rows),
    )  # fmt: skip
    facts = facts | {"frames": len(rows)}
    found = look(detector, frames.paths, given.draw)
    ours, theirs = Answers.of([biwi_boxes(each) for each in found], frames), None
    if peer is not None:
        theirs = Answers.of([each.boxes_xyxy for each in peer.detect(frames.paths)[0]], frames)
    named = {} if peer is None else {"peer": peer.name}
    record_found(ours, theirs, frames, facts | named)
    if ours.hit.any():
        record_boxes(ours, theirs, frames, facts | named)
        record_poses(ours, theirs, frames, facts)
        record_meshes(found, ours.hit, frames, facts)


def record_found(ours: Answers, theirs: Answers | None, frames: Frames, facts: dict) -> None:
    pitch, value = frames.pitch_deg, ours.hit.mean()
    rest = {"false_faces": false_faces(ours.every, frames.boxes), "by_pitch": by_pitch(ours.hit, pitch)}
    if theirs is not None:
        rest |= {"ratio": rounded(value / theirs.hit.mean()), "peer_value": rounded(theirs.hit.mean()),
                 "peer_false_faces": false_faces(theirs.every, frames.boxes),
                 "peer_by_pitch": by_pitch(theirs.hit, pitch),
                 "found_by_peer_alone": int((theirs.hit & ~ours.hit).sum())}  # fmt: skip
    report.record("detect_real", "biwi_found", rounded(value), "share of frames", **rest, **facts)


def record_boxes(ours: Answers, theirs: Answers | None, frames: Frames, facts: dict) -> None:
    hit, true = ours.hit, frames.boxes
    iou, side = box_iou(ours.own, true), true[:, 2:] - true[:, :2]
    shift = ((ours.own[:, :2] + ours.own[:, 2:] - true[:, :2] - true[:, 2:]) / 2 / side)[hit]
    fitted, fit = ours.fitted(frames)
    rest = {"mean": rounded(iou[hit].mean()), "percentile_5": rounded(np.percentile(iou[hit], 5)),
            "by_pitch": by_pitch(iou[hit], frames.pitch_deg[hit]), "found": int(hit.sum()),
            "side_over_biwi+": rounded(np.median(((ours.own[:, 2:] - ours.own[:, :2]) / side)[hit])),
            "shift_in_sides": [rounded(part) for part in np.median(shift, axis=0)],
            "fitted_median": rounded(np.median(box_iou(fitted, true)[hit])), "fit": fit}  # fmt: skip
    if theirs is not None:
        squares, fit = theirs.fitted(frames)
        peer_iou, both = box_iou(squares, true), hit & theirs.hit
        value = np.median(peer_iou[theirs.hit])
        rest |= {"ratio": rounded(np.median(iou[hit]) / value), "peer_fitted_median": rounded(value), "peer_fit": fit,
                 "peer_raw_median": rounded(np.median(box_iou(theirs.own, true)[theirs.hit])),
                 "both_found": int(both.sum()), "median_of_both": rounded(np.median(iou[both])),
                 "peer_fitted_median_of_both": rounded(np.median(peer_iou[both]))}  # fmt: skip
    report.record("detect_real", "biwi_box_iou", rounded(np.median(iou[hit])), "median IoU", **rest, **facts)


def record_poses(ours: Answers, theirs: Answers | None, frames: Frames, facts: dict) -> None:
    """MAE of the bundled estimator with each kind of boxes."""
    estimator, told = load_estimator("small"), {}
    boxes, common = {"biwi+": frames.boxes, "ours": ours.own}, ours.hit
    if theirs is not None:
        boxes["peer_fitted"], common = theirs.fitted(frames)[0], ours.hit & theirs.hit
    for name, box in boxes.items():
        usable = ours.hit & np.isfinite(box).all(axis=1)
        pictures = [read_picture(path) for path, ok in zip(frames.paths, usable, strict=True) if ok]
        crops = estimator.crop_pictures(pictures, box[usable], intrinsics=frames.intrinsics[usable])
        angles = np.full((len(box), 3, 3), np.nan)
        angles[usable] = estimator.predict(crops)
        if (usable == ours.hit).all():
            told[name] = mae(angles[usable], frames.rotmat[usable])
        if theirs is not None:
            told[f"{name}_found_by_both"] = mae(angles[common], frames.rotmat[common])
    value = told.pop("ours")
    report.record("detect_real", "biwi_pose_mae", value, "degrees MAE", "the same with Biwi+ boxes",
                  rounded(told["biwi+"] / value), estimator="small", found=int(ours.hit.sum()),
                  found_by_both=int(common.sum()), **told, **facts)  # fmt: skip


def mae(predicted: np.ndarray, true: np.ndarray) -> float:
    return rounded(np.mean(mean_absolute_errors_deg(predicted, true)), 3)


def record_meshes(found: list[Detections], hit: np.ndarray, frames: Frames, facts: dict) -> None:
    """Rotations of the meshes alone."""
    rotmat = frames.rotmat[hit]
    turned = np.stack(
        [each.rotmat(camera)[0] for each, camera, ok in zip(found, frames.intrinsics, hit, strict=True) if ok]
    )
    errors = geodesic_distance_deg(turned, rotmat)
    angles = [rounded(part, 3) for part in mean_absolute_errors_deg(turned, rotmat)]
    report.record("detect_real", "biwi_mesh_pose", mae(turned, rotmat), "degrees MAE", found=int(hit.sum()),
                  pitch_yaw_roll=angles, geodesic=rounded(errors.mean(), 3),
                  geodesic_by_pitch=by_pitch(errors, frames.pitch_deg[hit]), **facts)  # fmt: skip


def measure_aflw(detector: FaceDetector, peer: yunet.YuNet | None, given: argparse.Namespace, facts: dict) -> None:
    """Found faces and points on the AFLW2000-3D samples."""
    source = open_any(given.data / "aflw2000_sample")
    paths, points68 = source.files.pictures, np.asarray(source.read("landmarks68"), float)[..., :2]
    true = np.concatenate([points68.min(axis=1), points68.max(axis=1)], axis=1)
    points5 = np.asarray(source.read("points5"), float)[..., :2]
    rotmat, facts = source.read("rotmat"), facts | {"pictures": len(paths)}
    yaw = pitch_yaw_roll_deg(rotmat, "300w-lp")[:, 1]
    found = look(detector, paths, given.draw)
    peers = ([], None) if peer is None else peer.detect(paths)
    told = {}
    for name, each in (("", found), ("peer_", peers[0])):
        if not each:
            continue
        best, boxes = nearest(each, true)
        hit = box_iou(boxes, true) >= FOUND_IOU
        points = np.array([one.points5[k] for one, k, ok in zip(each, best, hit, strict=True) if ok])
        told |= {f"{name}found": rounded(hit.mean()), f"{name}points5": points5_error(points, points5[hit], true[hit]),
                 f"{name}others": sum(map(len, each)) - int(hit.sum()), f"{name}hit": hit}  # fmt: skip
        if each is found:
            mesh = np.array([one.landmarks68[k] for one, k, ok in zip(each, best, hit, strict=True) if ok])
            turned = np.array([one.rotmat()[k] for one, k, ok in zip(each, best, hit, strict=True) if ok])
    record_aflw(told, mesh, points68, geodesic_distance_deg(turned, rotmat[told["hit"]]), yaw, peer, facts)


def record_aflw(told: dict, mesh: np.ndarray, points68: np.ndarray, errors: np.ndarray, yaw: np.ndarray,
                peer: yunet.YuNet | None, facts: dict) -> None:  # fmt: skip
    """Print the figures of the AFLW2000-3D samples."""
    named, rest, hit = {}, {"other_faces": told["others"]}, told["hit"]
    value, points = told["found"], float(np.mean(told["points5"]))
    if peer is not None:
        named = {"peer": peer.name}
        rest |= {"ratio": rounded(value / told["peer_found"]), "peer_value": told["peer_found"],
                 "peer_other_faces": told["peer_others"]}  # fmt: skip
    report.record("detect_real", "aflw_found", value, "share of pictures", **named, **rest, **facts)
    rest = {}
    if peer is not None:
        theirs = float(np.mean(told["peer_points5"]))
        rest = {"ratio": rounded(theirs / points), "peer_value": rounded(theirs)}
    report.record("detect_real", "aflw_points5_nme", rounded(points), "of sqrt(W H)", **named, **rest, **facts)
    nme = landmarks68_error(mesh, points68[hit])
    report.record("detect_real", "aflw_landmarks68_nme", rounded(nme.mean()), "of sqrt(W H)",
                  by_yaw={name: rounded(part) for name, part in by_yaw_bin(nme, yaw[hit]).items()},
                  pose_geodesic_deg=rounded(errors.mean(), 3), **facts)  # fmt: skip


def main(given: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    detector, peer = load_detector(given.model), yunet.from_arguments(given)
    facts = {"model": given.model or "bundled", "longest_px": LONGEST_PX, "score": 0.5, "peer_score": yunet.LEAST_SCORE}
    measure_biwi(detector, peer, given, facts)
    measure_aflw(detector, peer, given, facts)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--quick", action="store_true", help="every tenth frame")
    parser.add_argument("--model", help="a detector; the bundled one by default")
    parser.add_argument("--draw", type=Path, help="folder for pictures with what was found")
    yunet.add_arguments(parser)
    main(parser.parse_args())
