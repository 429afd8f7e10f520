"""Model APIs behind one protocol: calls, streams, retries, and every error of theirs as a Failure."""
