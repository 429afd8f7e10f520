"""Says what is wrong with a bundle: the form of each file first, then names and meaning, one check per module."""
