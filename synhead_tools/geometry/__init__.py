"""Rotations, Euler conventions, pose laws, nearest-pose indices, projection and boxes. numpy and scipy only."""
