"""From facts to a decision: the compiled graph run as a pure, restartable function."""
