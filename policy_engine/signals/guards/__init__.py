"""Guards: small differences between two texts that make one's answer wrong for the other, however alike they are."""
