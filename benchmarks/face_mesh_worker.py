"""Run MediaPipe's FaceMesh over a stack of pictures, in a Python that has it; numpy and mediapipe only.

    PYTHON face_mesh_worker.py PICTURES.npy ANSWER.npz

PICTURES.npy is (N, H, W, 3) uint8, RGB. ANSWER.npz holds ``found`` (N,) bool, ``points_px`` (N, 478, 2) float32 with
the top-left corner of the top-left pixel as origin, NaN where no face was found, and ``version``.
"""

import sys

import mediapipe
import numpy as np


def main(pictures_path: str, answer_path: str) -> None:
    pictures = np.load(pictures_path, mmap_mode="r", allow_pickle=False)
    height, width = pictures.shape[1:3]
    points = np.full((len(pictures), 478, 2), np.nan, np.float32)
    options = {"static_image_mode": True, "max_num_faces": 1, "refine_landmarks": True}
    with mediapipe.solutions.face_mesh.FaceMesh(min_detection_confidence=0.5, **options) as mesh:
        for k, picture in enumerate(pictures):
            faces = mesh.process(np.ascontiguousarray(picture)).multi_face_landmarks
            if faces:
                points[k] = [(point.x * width, point.y * height) for point in faces[0].landmark]
    found = np.isfinite(points).all(axis=(1, 2))
    np.savez(answer_path, found=found, points_px=points, version=np.array(mediapipe.__version__))


if __name__ == "__main__":
    main(*sys.argv[1:])
