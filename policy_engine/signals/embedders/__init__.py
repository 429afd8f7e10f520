"""Embedders: text turned into vectors, so that what is alike can be found."""
