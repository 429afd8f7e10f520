"""Classifiers made from labelled lines: read, fitted, judged on texts they have not seen, and written down."""
