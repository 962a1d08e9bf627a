from fractions import Fraction

import numpy as np
import pytest

CORNER = (255, 0, 0)


@pytest.fixture(scope="session")
def make_video():
    """Write a video whose top-left corner is red and whose frame i has i white columns; (path, frames, size)."""

    def write(path, frames=10, width=64, height=48, rate=25, codec="libx264"):
        av = pytest.importorskip("av")
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=Fraction(rate))
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for number in range(frames):
                pixels = np.zeros((height, width, 3), np.uint8)
                pixels[height // 2 :, : 4 * number] = 255
                pixels[: height // 3, : width // 3] = CORNER
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(stream.encode())
        return path

    return write
