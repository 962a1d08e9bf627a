"""From heads and poses to labelled pictures: cameras, lights, renderer backends, plans and datasets."""
