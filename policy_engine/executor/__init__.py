"""From a decision to an outcome: models called in order, answers gated, limits kept; without doing any I/O itself."""
