"""Rotations of the heads in picture and video files: reading, boxes, cameras, answers, drawing."""
