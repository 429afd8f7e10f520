"""Schema-valid data read into the nouns of `policy_engine.model`; a missing or odd piece is left out, never raised."""
