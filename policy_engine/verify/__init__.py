"""Verification: a bundle's own tests run against it, what they cover, and which changes they would not notice."""
