"""Estimators: data on the device, networks, adaptation to unlabelled real images, checkpoints, honest scores."""
