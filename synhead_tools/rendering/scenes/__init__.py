"""Pictures of several heads at once, for detectors of faces: who stands where and covers whom, all labels."""
