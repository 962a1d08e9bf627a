"""Run OpenCV's YuNet over picture files, in a Python that has it; numpy and opencv-python-headless only.

    PYTHON yunet_worker.py MODEL.onnx LEAST_SCORE PATHS.txt ANSWER.npz

PATHS.txt has one path per line. ANSWER.npz holds ``faces`` (M, 15) float32: x, y, width, height, x and y of the
subject's right and left eye, nose tip, right and left mouth corner, score; ``picture`` (M,), the number of each face's
picture; ``cpu_ms`` (N,), processor time of each picture's detection without its decoding, on one thread; ``version``.
"""

import sys
import time
from pathlib import Path

import cv2
import numpy as np


def main(model: str, least_score: str, paths: str, answer: str) -> None:
    cv2.setNumThreads(1)
    detector = cv2.FaceDetectorYN.create(model, "", (320, 320), float(least_score), 0.3, 5000)
    faces, picture, cpu_ms = [], [], []
    for number, path in enumerate(Path(paths).read_text().splitlines()):
        image = cv2.imread(path)
        start_s = time.process_time()
        detector.setInputSize(image.shape[1::-1])
        found = detector.detect(image)[1]
        cpu_ms.append((time.process_time() - start_s) * 1000)
        faces += [] if found is None else list(found)
        picture += [number] * (len(faces) - len(picture))
    np.savez(
        answer, faces=np.reshape(faces, (-1, 15)).astype(np.float32), picture=np.array(picture, int),
        cpu_ms=np.array(cpu_ms), version=np.array(cv2.__version__),
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
