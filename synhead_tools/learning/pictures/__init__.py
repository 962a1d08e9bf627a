"""Face crops: read, kept where they are computed on, varied anew in every batch."""
