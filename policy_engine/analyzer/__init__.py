"""What is allowed but hardly meant: proofs over the rules of a bundle, and requests that show what is claimed."""
