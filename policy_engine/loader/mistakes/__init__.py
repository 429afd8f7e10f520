"""Mistakes that authors make in YAML: each function recognises one where the parser stopped, or gives None."""
