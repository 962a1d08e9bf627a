"""The matrices of MediaPipe's Face Landmarker (facial_transformation_matrixes); it defines no angles.

They take a canonical face in centimetres (y up, z out of the face, x to the subject's left) to a camera that looks
along -z with y up, and hold a uniform scale: A = s D R D with D = diag(1, -1, -1). The translation, left alone here,
is of the model's origin and rests on an assumed field of view of 63 degrees.
"""

from synhead_tools.geometry.conventions.convention import EulerConvention

MEDIAPIPE = EulerConvention(
    name="mediapipe",
    sequence="",
    frame="opengl",
    scaled=True,
    source="google-ai-edge/mediapipe face_geometry.proto, geometry_pipeline.cc, canonical_face_model.obj",
)
