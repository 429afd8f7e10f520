"""Trained classifiers: what they read in a text, and what they say about it."""
