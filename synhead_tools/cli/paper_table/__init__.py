"""The table of the PADACO paper, made again: what is trained, what was published, and the two side by side."""
