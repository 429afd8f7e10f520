"""The faults of loading: one module per code, whose docstring is its manual page."""
